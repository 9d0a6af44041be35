#include "formats/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = std::size_t{64} << 10;

struct NamedType {
  std::string_view name;
  Element element;
};
constexpr std::array<NamedType, 9> kTypes{{{"|b1", Element::kBool},
                                           {"|u1", Element::kUint8},
                                           {"|i1", Element::kInt8},
                                           {"<i2", Element::kInt16},
                                           {"<i4", Element::kInt32},
                                           {"<i8", Element::kInt64},
                                           {"<f2", Element::kFloat16},
                                           {"<f4", Element::kFloat32},
                                           {"<f8", Element::kFloat64}}};

// The few literals of Python that a header has.
class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}

  bool Take(char c) {
    Blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool AtEnd() {
    Blanks();
    return at_ == text_.size();
  }
  std::optional<std::string_view> Text() {
    Blanks();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return std::nullopt;
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inner;
  }
  std::optional<bool> Bool() {
    if (Word("True")) return true;
    if (Word("False")) return false;
    return std::nullopt;
  }
  // (3, 4) and (3,) and ().
  std::optional<std::vector<std::uint64_t>> Tuple() {
    constexpr std::size_t kMaxDimensions = 32;
    std::vector<std::uint64_t> numbers;
    if (!Take('(')) return std::nullopt;
    while (!Take(')')) {
      Blanks();
      std::uint64_t number = 0;
      const char* const begin = text_.data() + at_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
      if (error != std::errc() || numbers.size() == kMaxDimensions) return std::nullopt;
      numbers.push_back(number);
      at_ += static_cast<std::size_t>(end - begin);
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // written by Python 2
      if (Take(',')) continue;
      if (!Take(')')) return std::nullopt;
      break;
    }
    return numbers;
  }
  std::size_t at() const { return at_; }

 private:
  void Blanks() {
    while (at_ < text_.size() && std::strchr(" \t\n\r", text_[at_]) != nullptr) ++at_;
  }
  bool Word(std::string_view word) {
    Blanks();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

struct Entries {
  std::optional<std::string> type;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::uint64_t>> shape;
};

Status ReadEntry(Literal* literal, Entries* entries) {
  const auto name = literal->Text();
  if (!name || !literal->Take(':')) return Bad("no name at character {}", literal->at() + 1);
  if (*name == "descr") {
    const auto type = literal->Text();
    if (!type) return Bad("its element is a structure; a vector needs plain numbers");
    entries->type = std::string(*type);
  } else if (*name == "fortran_order") {
    entries->fortran_order = literal->Bool();
    if (!entries->fortran_order) return Bad("'fortran_order' is neither True nor False");
  } else if (*name == "shape") {
    entries->shape = literal->Tuple();
    if (!entries->shape) return Bad("'shape' is no tuple of sizes");
  } else {
    return Bad("it has the unknown entry {}", Quoted(*name));
  }
  return Status();
}

Result<Entries> ParseEntries(std::string_view text) {
  Literal literal(text);
  Entries entries;
  if (!literal.Take('{')) return Bad("no '{{' where it begins");
  while (!literal.Take('}')) {
    CLI_TRY(ReadEntry(&literal, &entries));
    if (literal.Take(',')) continue;
    if (!literal.Take('}')) return Bad("neither ',' nor '}}' at character {}", literal.at() + 1);
    break;
  }
  if (!literal.AtEnd()) return Bad("more text behind its '}}'");
  return entries;
}

Result<NpyHeader> Interpret(const Entries& entries) {
  if (!entries.type || !entries.fortran_order || !entries.shape) {
    return Bad("one of 'descr', 'fortran_order' and 'shape' is missing");
  }
  const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                 [&](const NamedType& t) { return t.name == *entries.type; });
  if (type == kTypes.end()) {
    return Bad("elements of type {}; possible are <f4, <f8, <f2, |i1, |u1, <i2, <i4, <i8 and |b1",
               Quoted(*entries.type));
  }
  const auto& shape = *entries.shape;
  if (shape.empty() || shape.size() > 2) {
    return Bad("an array of {} dimensions; vectors are two, one value a row is one", shape.size());
  }
  if (*entries.fortran_order && shape.size() == 2) {
    return Bad(
        "its numbers are in Fortran order, column by column; save it with "
        "numpy.ascontiguousarray");
  }
  return NpyHeader{type->element, shape.size() == 2, shape[0], shape.size() == 2 ? shape[1] : 0};
}

Result<std::string> ReadHeaderText(Input& input) {
  std::array<std::byte, 8> start{};
  CLI_TRY_ASSIGN(const std::size_t got, input.Read(start));
  if (got < start.size() || std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0) {
    return Bad("it does not begin as a NumPy array");
  }
  const auto major = std::to_integer<unsigned>(start[6]);
  if (major < 1 || major > 3) return Bad("version {}; possible are 1 to 3", major);
  std::array<std::byte, 4> length{};
  const std::size_t width = major == 1 ? 2 : 4;
  CLI_TRY_ASSIGN(const std::size_t read, input.Read(std::span(length).first(width)));
  if (read < width) return Bad("the file ends in its header");
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < width; ++i)
    size |= std::to_integer<std::uint32_t>(length[i]) << 8 * i;
  if (size > kMaxHeader) return Bad("a header of {} bytes; at most {} are read", size, kMaxHeader);
  std::string text(size, '\0');
  CLI_TRY_ASSIGN(const std::size_t filled, input.Read(std::as_writable_bytes(std::span(text))));
  if (filled < size) return Bad("the file ends in its header");
  return text;
}

}  // namespace

Result<NpyHeader> ParseNpyHeader(Input& input) {
  const std::string where = Format("'{}' header", input.path());
  const auto text = ReadHeaderText(input);
  if (!text.ok()) return Annotate(text.status(), where);
  const auto entries = ParseEntries(*text);
  if (!entries.ok()) return Annotate(entries.status(), where);
  auto header = Interpret(*entries);
  if (!header.ok()) return Annotate(header.status(), where);
  return header;
}

std::string_view NpyTypeOf(Element element) {
  return std::find_if(kTypes.begin(), kTypes.end(),
                      [element](const NamedType& t) { return t.element == element; })
      ->name;
}

std::string NpyHeaderBytes(const NpyHeader& header) {
  constexpr std::size_t kAlignment = 64;
  std::string text = Format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},{}), }}",
                            NpyTypeOf(header.element), header.rows,
                            header.vectors ? Format(" {}", header.columns) : "");
  const std::size_t start = kMagic.size() + 4;
  text.resize((start + text.size() + kAlignment) / kAlignment * kAlignment - start, ' ');
  text.back() = '\n';
  std::string bytes(kMagic);
  bytes += {'\1', '\0', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return bytes + text;
}

}  // namespace vecdb::cli
