// Values, keys and lists of texts between C and C++.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/c.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb::api {

// Values lent to the caller: views of values of ours that outlive this object, and copies where C
// has another form of them.
class LentValues {
 public:
  void Add(const Value& value);
  std::size_t size() const { return values_.size(); }
  const vecdb_value& operator[](std::size_t i) const { return values_[i]; }

 private:
  class Setter;
  std::vector<vecdb_value> values_;
  std::vector<std::vector<std::uint8_t>> bools_;
  std::vector<std::vector<vecdb_text>> texts_;
};

// Where views of the caller's values lie that C++ wants in another form.
class Views {
 public:
  Result<std::span<const bool>> Bools(const std::uint8_t* data, std::size_t count,
                                      std::string_view what);
  Result<std::span<const std::string_view>> Texts(const vecdb_text* data, std::size_t count,
                                                  std::string_view what);

 private:
  std::vector<std::unique_ptr<bool[]>> bools_;
  std::vector<std::vector<std::string_view>> texts_;
};

// Views of the caller's values, with the help of `views`; `what` names one in messages.
Result<ValueView> ViewOf(const vecdb_value& value, std::string_view what, Views* views);
Result<SparseView> ViewOf(const vecdb_sparse& sparse, std::string_view what);

Result<Value> OwnedOf(const vecdb_value& value, std::string_view what);

vecdb_key LendKey(const Key& key);
Result<std::vector<Key>> OwnedKeys(const vecdb_key* keys, std::size_t count);
Result<std::vector<std::string>> OwnedTexts(const vecdb_text* texts, std::size_t count,
                                            std::string_view what);

}  // namespace vecdb::api
