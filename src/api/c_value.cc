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

// The kinds are numbered as the alternatives are.
template <std::size_t... I>
constexpr bool KindsAreIndexes(std::index_sequence<I...>) {
  return ((kKindOf<std::variant_alternative_t<I, Value>> == vecdb_kind{I}) && ...);
}
static_assert(KindsAreIndexes(std::make_index_sequence<std::variant_size_v<Value>>()));
static_assert(std::variant_size_v<Value> == std::variant_size_v<ValueView>);

void Set(vecdb_value*, std::monostate) {
}
void Set(vecdb_value* out, bool truth) {
  out->as.boolean = truth ? 1 : 0;
}
void Set(vecdb_value* out, std::int64_t integer) {
  out->as.integer = integer;
}
void Set(vecdb_value* out, double real) {
  out->as.real = real;
}
void Set(vecdb_value* out, const std::string& text) {
  out->as.text = Lend(std::string_view(text));
}
void Set(vecdb_value* out, const std::vector<float>& floats) {
  out->as.floats = {floats.data(), floats.size()};
}

Result<ValueView> TextView(const vecdb_value& value, std::string_view what) {
  VECDB_TRY_ASSIGN(const std::string_view text, Lent(value.as.text, what));
  return ValueView(text);
}

}  // namespace

void LentValues::Add(const Value& value) {
  vecdb_value lent = {};
  lent.kind = static_cast<vecdb_kind>(value.index());
  std::visit([&](const auto& held) { Set(&lent, held); }, value);
  values_.push_back(lent);
}

Result<ValueView> ViewOf(const vecdb_value& value, std::string_view what) {
  switch (value.kind) {
    case VECDB_VALUE_NULL:
      return ValueView();
    case VECDB_VALUE_BOOL: {
      VECDB_TRY_ASSIGN(const bool truth, FlagOf(value.as.boolean, what));
      return ValueView(truth);
    }
    case VECDB_VALUE_INT64:
      return ValueView(value.as.integer);
    case VECDB_VALUE_DOUBLE:
      return ValueView(value.as.real);
    case VECDB_VALUE_TEXT:
      return TextView(value, what);
    case VECDB_VALUE_FLOATS: {
      VECDB_TRY_ASSIGN(const auto floats, Lent(value.as.floats.data, value.as.floats.count, what));
      return ValueView(floats);
    }
    default:  // a number of the caller's, not an enum
      return base::InvalidArgument("{} is of kind {}, which is no kind of value", what, value.kind);
  }
}

Result<Value> OwnedOf(const vecdb_value& value, std::string_view what) {
  VECDB_TRY_ASSIGN(const ValueView view, ViewOf(value, what));
  struct Owner {
    Value operator()(std::monostate) const { return {}; }
    Value operator()(bool truth) const { return truth; }
    Value operator()(std::int64_t integer) const { return integer; }
    Value operator()(double real) const { return real; }
    Value operator()(std::string_view text) const { return std::string(text); }
    Value operator()(std::span<const float> floats) const {
      return std::vector<float>(floats.begin(), floats.end());
    }
  };
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
