#include "api/c_value.h"

#include <variant>

#include "api/c_call.h"
#include "base/status.h"

namespace vecdb::api {

namespace {

template <typename T>
constexpr vecdb_kind kKindOf = -1;
template <>
constexpr vecdb_kind kKindOf<std::monostate> = VECDB_VALUE_NULL;
template <>
constexpr vecdb_kind kKindOf<bool> = VECDB_VALUE_BOOL;
template <>
constexpr vecdb_kind kKindOf<std::int64_t> = VECDB_VALUE_INT64;
template <>
constexpr vecdb_kind kKindOf<double> = VECDB_VALUE_DOUBLE;
template <>
constexpr vecdb_kind kKindOf<std::string> = VECDB_VALUE_TEXT;
template <>
constexpr vecdb_kind kKindOf<std::vector<float>> = VECDB_VALUE_FLOATS;
template <>
constexpr vecdb_kind kKindOf<SparseVector> = VECDB_VALUE_SPARSE;
template <>
constexpr vecdb_kind kKindOf<std::vector<std::int8_t>> = VECDB_VALUE_INT8S;
template <>
constexpr vecdb_kind kKindOf<std::vector<std::uint8_t>> = VECDB_VALUE_BITS;
template <>
constexpr vecdb_kind kKindOf<std::vector<bool>> = VECDB_VALUE_BOOLS;
template <>
constexpr vecdb_kind kKindOf<std::vector<std::int64_t>> = VECDB_VALUE_INT64S;
template <>
constexpr vecdb_kind kKindOf<std::vector<double>> = VECDB_VALUE_DOUBLES;
template <>
constexpr vecdb_kind kKindOf<std::vector<std::string>> = VECDB_VALUE_TEXTS;

// The kinds are numbered as the alternatives are.
template <std::size_t... I>
constexpr bool KindsAreIndexes(std::index_sequence<I...>) {
  return ((kKindOf<std::variant_alternative_t<I, Value>> == vecdb_kind{I}) && ...);
}
static_assert(KindsAreIndexes(std::make_index_sequence<std::variant_size_v<Value>>()));
static_assert(std::variant_size_v<Value> == std::variant_size_v<ValueView>);

}  // namespace

// Writes a value into the union, by its alternative.
class LentValues::Setter {
 public:
  Setter(vecdb_value* out, LentValues* home) : as_(out->as), home_(*home) {}

  void operator()(std::monostate) const {}
  void operator()(bool truth) const { as_.boolean = truth ? 1 : 0; }
  void operator()(std::int64_t integer) const { as_.integer = integer; }
  void operator()(double real) const { as_.real = real; }
  void operator()(const std::string& text) const { as_.text = Lend(text); }
  void operator()(const std::vector<float>& v) const { as_.floats = {v.data(), v.size()}; }
  void operator()(const SparseVector& v) const {
    as_.sparse = {v.indices.data(), v.values.data(), v.indices.size()};
  }
  void operator()(const std::vector<std::int8_t>& v) const { as_.int8s = {v.data(), v.size()}; }
  void operator()(const std::vector<std::uint8_t>& v) const { as_.bits = {v.data(), v.size()}; }
  void operator()(const std::vector<bool>& v) const {
    const auto& bytes = home_.bools_.emplace_back(v.begin(), v.end());
    as_.bools = {bytes.data(), bytes.size()};
  }
  void operator()(const std::vector<std::int64_t>& v) const { as_.int64s = {v.data(), v.size()}; }
  void operator()(const std::vector<double>& v) const { as_.doubles = {v.data(), v.size()}; }
  void operator()(const std::vector<std::string>& v) const {
    auto& texts = home_.texts_.emplace_back();
    for (const std::string& text : v) texts.push_back(Lend(text));
    as_.texts = {texts.data(), texts.size()};
  }

 private:
  decltype(vecdb_value::as)& as_;
  LentValues& home_;
};

void LentValues::Add(const Value& value) {
  vecdb_value lent = {};
  lent.kind = static_cast<vecdb_kind>(value.index());
  std::visit(Setter(&lent, this), value);
  values_.push_back(lent);
}

Result<std::span<const bool>> Views::Bools(const std::uint8_t* data, std::size_t count,
                                           std::string_view what) {
  VECDB_TRY_ASSIGN(const auto lent, Lent(data, count, what));
  auto truths = std::make_unique<bool[]>(count);
  for (std::size_t i = 0; i < count; ++i) {
    VECDB_TRY_ASSIGN(truths[i], FlagOf(lent[i], what));
  }
  return std::span<const bool>(bools_.emplace_back(std::move(truths)).get(), count);
}

Result<std::span<const std::string_view>> Views::Texts(const vecdb_text* data, std::size_t count,
                                                       std::string_view what) {
  VECDB_TRY_ASSIGN(const auto lent, Lent(data, count, what));
  std::vector<std::string_view> texts(count);
  for (std::size_t i = 0; i < count; ++i) {
    VECDB_TRY_ASSIGN(texts[i], Lent(lent[i], what));
  }
  return std::span<const std::string_view>(texts_.emplace_back(std::move(texts)));
}

namespace {

// What is lent, or why not, as a value.
template <typename T>
Result<ValueView> AsView(Result<T> lent) {
  if (!lent.ok()) return lent.status();
  return ValueView(*lent);
}

struct Owner {
  Value operator()(std::monostate) const { return {}; }
  Value operator()(bool truth) const { return truth; }
  Value operator()(std::int64_t integer) const { return integer; }
  Value operator()(double real) const { return real; }
  Value operator()(std::string_view text) const { return std::string(text); }
  Value operator()(const SparseView& v) const {
    return SparseVector{{v.indices.begin(), v.indices.end()}, {v.values.begin(), v.values.end()}};
  }
  Value operator()(std::span<const std::string_view> v) const {
    return std::vector<std::string>(v.begin(), v.end());
  }
  template <typename T>
  Value operator()(std::span<const T> v) const {
    return std::vector<T>(v.begin(), v.end());
  }
};

}  // namespace

Result<SparseView> ViewOf(const vecdb_sparse& sparse, std::string_view what) {
  VECDB_TRY_ASSIGN(const auto indices, Lent(sparse.indices, sparse.count, what));
  VECDB_TRY_ASSIGN(const auto values, Lent(sparse.values, sparse.count, what));
  return SparseView{indices, values};
}

Result<ValueView> ViewOf(const vecdb_value& value, std::string_view what, Views* views) {
  const auto& as = value.as;
  switch (value.kind) {
    case VECDB_VALUE_NULL:
      return ValueView();
    case VECDB_VALUE_BOOL:
      return AsView(FlagOf(as.boolean, what));
    case VECDB_VALUE_INT64:
      return ValueView(as.integer);
    case VECDB_VALUE_DOUBLE:
      return ValueView(as.real);
    case VECDB_VALUE_TEXT:
      return AsView(Lent(as.text, what));
    case VECDB_VALUE_FLOATS:
      return AsView(Lent(as.floats.data, as.floats.count, what));
    case VECDB_VALUE_SPARSE:
      return AsView(ViewOf(as.sparse, what));
    case VECDB_VALUE_INT8S:
      return AsView(Lent(as.int8s.data, as.int8s.count, what));
    case VECDB_VALUE_BITS:
      return AsView(Lent(as.bits.data, as.bits.count, what));
    case VECDB_VALUE_BOOLS:
      return AsView(views->Bools(as.bools.data, as.bools.count, what));
    case VECDB_VALUE_INT64S:
      return AsView(Lent(as.int64s.data, as.int64s.count, what));
    case VECDB_VALUE_DOUBLES:
      return AsView(Lent(as.doubles.data, as.doubles.count, what));
    case VECDB_VALUE_TEXTS:
      return AsView(views->Texts(as.texts.data, as.texts.count, what));
    default:  // a number of the caller's, not an enum
      return base::InvalidArgument("{} is of kind {}, which is no kind of value", what, value.kind);
  }
}

Result<Value> OwnedOf(const vecdb_value& value, std::string_view what) {
  Views views;
  VECDB_TRY_ASSIGN(const ValueView view, ViewOf(value, what, &views));
  return std::visit(Owner(), view);
}

vecdb_key LendKey(const Key& key) {
  if (const auto* integer = std::get_if<std::int64_t>(&key)) return vecdb_key_int64(*integer);
  return vecdb_key_text(Lend(std::string_view(*std::get_if<std::string>(&key))));
}

Result<std::vector<Key>> OwnedKeys(const vecdb_key* keys, std::size_t count) {
  VECDB_TRY_ASSIGN(const auto lent, Lent(keys, count, "keys"));
  std::vector<Key> owned;
  owned.reserve(lent.size());
  for (std::size_t i = 0; i < lent.size(); ++i) {
    if (lent[i].type == VECDB_INT64) {
      owned.emplace_back(lent[i].integer);
    } else if (lent[i].type == VECDB_VARCHAR) {
      VECDB_TRY_ASSIGN(const std::string_view text, Lent(lent[i].text, "the text of a key"));
      owned.emplace_back(std::string(text));
    } else {
      return base::InvalidArgument("key {} is of type {}; a key is Int64 ({}) or VarChar ({})", i,
                                   lent[i].type, int{VECDB_INT64}, int{VECDB_VARCHAR});
    }
  }
  return owned;
}

Result<std::vector<std::string>> OwnedTexts(const vecdb_text* texts, std::size_t count,
                                            std::string_view what) {
  VECDB_TRY_ASSIGN(const auto lent, Lent(texts, count, what));
  std::vector<std::string> owned;
  owned.reserve(lent.size());
  for (const vecdb_text& text : lent) {
    VECDB_TRY_ASSIGN(const std::string_view view, Lent(text, what));
    owned.emplace_back(view);
  }
  return owned;
}

}  // namespace vecdb::api

vecdb_key vecdb_key_int64(int64_t integer) {
  return {VECDB_INT64, integer, {nullptr, 0}};
}

vecdb_key vecdb_key_text(vecdb_text text) {
  return {VECDB_VARCHAR, 0, text};
}

vecdb_value vecdb_value_null(void) {
  return {};
}

vecdb_value vecdb_value_bool(int truth) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_BOOL;
  value.as.boolean = truth != 0 ? 1 : 0;
  return value;
}

vecdb_value vecdb_value_int64(int64_t integer) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_INT64;
  value.as.integer = integer;
  return value;
}

vecdb_value vecdb_value_double(double real) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_DOUBLE;
  value.as.real = real;
  return value;
}

vecdb_value vecdb_value_text(vecdb_text text) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_TEXT;
  value.as.text = text;
  return value;
}

vecdb_value vecdb_value_floats(const float* data, size_t count) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_FLOATS;
  value.as.floats = {data, count};
  return value;
}

vecdb_value vecdb_value_sparse(const uint32_t* indices, const float* values, size_t count) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_SPARSE;
  value.as.sparse = {indices, values, count};
  return value;
}

vecdb_value vecdb_value_int8s(const int8_t* data, size_t count) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_INT8S;
  value.as.int8s = {data, count};
  return value;
}

vecdb_value vecdb_value_bits(const uint8_t* data, size_t bytes) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_BITS;
  value.as.bits = {data, bytes};
  return value;
}

vecdb_value vecdb_value_bools(const uint8_t* data, size_t count) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_BOOLS;
  value.as.bools = {data, count};
  return value;
}

vecdb_value vecdb_value_int64s(const int64_t* data, size_t count) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_INT64S;
  value.as.int64s = {data, count};
  return value;
}

vecdb_value vecdb_value_doubles(const double* data, size_t count) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_DOUBLES;
  value.as.doubles = {data, count};
  return value;
}

vecdb_value vecdb_value_texts(const vecdb_text* data, size_t count) {
  vecdb_value value = {};
  value.kind = VECDB_VALUE_TEXTS;
  value.as.texts = {data, count};
  return value;
}
