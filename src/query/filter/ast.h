// An expression as it was written, before its names and types mean anything.
//
// Nodes stand in one array and name each other by number: making and destroying a tree of any shape
// takes no recursion. Chains of AND and OR are one node with many children.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "query/filter/constant.h"
#include "query/filter/token.h"

namespace vecdb::query::filter {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = std::numeric_limits<NodeId>::max();

enum class NodeKind : std::uint8_t {
  kField,
  kConstant,
  kCompare,    // left op right
  kRange,      // low op field op high
  kIn,         // one child; constants from first_constant on
  kNotIn,      //
  kIsNull,     // one child
  kIsNotNull,  //
  kNot,        // one child
  kAnd,        // two or more children
  kOr,         //
  kUnary,      // - + ~ exists
  kBinary,     // arithmetic, shifts, bits, like
};

struct Node {
  NodeKind kind = NodeKind::kField;
  Token token;   // its field, constant or operator, for names and messages
  Token second;  // kRange: the operator on the right
  NodeId first_child = kNoNode;
  NodeId last_child = kNoNode;
  NodeId next = kNoNode;  // the parent's next child
  std::uint32_t first_constant = 0;
  std::uint32_t constants = 0;
  // Levels of brackets and prefix operators in its fully parenthesised form; at most kMaxDepth.
  std::uint32_t depth = 0;
};

struct Ast {
  // Tokens lend from it, so an Ast is not copied or moved: it stays where Parse put it.
  std::string text;
  std::vector<Node> nodes;
  std::vector<Constant> constants;
  std::vector<std::uint32_t> constant_positions;  // where each constant stood
  NodeId root = kNoNode;
};

// The expression with every parenthesis written.
std::string Print(const Ast& ast);

}  // namespace vecdb::query::filter
