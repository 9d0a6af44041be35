#include "query/filter/ast.h"

namespace vecdb::query::filter {
namespace {

// Recurses at most kMaxDepth deep: the parser refuses deeper trees.
class Printer {
 public:
  explicit Printer(const Ast& ast) : ast_(ast) {}

  void Write(NodeId id) {
    const Node& node = ast_.nodes[id];
    switch (node.kind) {
      case NodeKind::kField:
        out_ += node.token.text;
        return;
      case NodeKind::kConstant:
        out_ += Shown(ast_.constants[node.first_constant]);
        return;
      case NodeKind::kNot:
        out_ += "not ";
        Write(node.first_child);
        return;
      case NodeKind::kUnary:
        Word(node.token);
        Write(node.first_child);
        return;
      case NodeKind::kCompare:
      case NodeKind::kBinary:
        return Children(node, " " + std::string(node.token.text) + " ");
      case NodeKind::kAnd:
        return Children(node, " and ");
      case NodeKind::kOr:
        return Children(node, " or ");
      case NodeKind::kRange:
        return Range(node);
      case NodeKind::kIn:
        return List(node, " in [");
      case NodeKind::kNotIn:
        return List(node, " not in [");
      case NodeKind::kIsNull:
        return Test(node, " is null)");
      case NodeKind::kIsNotNull:
        return Test(node, " is not null)");
    }
  }

  std::string Take() { return std::move(out_); }

 private:
  void Word(const Token& token) {
    out_ += token.text;
    out_ += ' ';
  }

  void Children(const Node& node, const std::string& between) {
    out_ += '(';
    for (NodeId id = node.first_child; id != kNoNode; id = ast_.nodes[id].next) {
      if (id != node.first_child) out_ += between;
      Write(id);
    }
    out_ += ')';
  }

  void Range(const Node& node) {
    const NodeId field = ast_.nodes[node.first_child].next;
    out_ += '(';
    Write(node.first_child);
    out_ += ' ';
    Word(node.token);
    Write(field);
    out_ += ' ';
    Word(node.second);
    Write(node.last_child);
    out_ += ')';
  }

  void List(const Node& node, const char* opening) {
    out_ += '(';
    Write(node.first_child);
    out_ += opening;
    for (std::uint32_t i = 0; i < node.constants; ++i) {
      if (i > 0) out_ += ", ";
      out_ += Shown(ast_.constants[node.first_constant + i]);
    }
    out_ += "])";
  }

  void Test(const Node& node, const char* ending) {
    out_ += '(';
    Write(node.first_child);
    out_ += ending;
  }

  const Ast& ast_;
  std::string out_;
};

}  // namespace

std::string Print(const Ast& ast) {
  Printer printer(ast);
  printer.Write(ast.root);
  return printer.Take();
}

}  // namespace vecdb::query::filter
