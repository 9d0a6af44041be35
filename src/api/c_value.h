// Values, keys and lists of texts between C and C++.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/c.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb::api {

// Values lent to the caller: views of values of ours that outlive this object.
class LentValues {
 public:
  void Add(const Value& value);
  std::size_t size() const { return values_.size(); }
  const vecdb_value& operator[](std::size_t i) const { return values_[i]; }

 private:
  std::vector<vecdb_value> values_;
};

// Views of the caller's values; `what` names one in messages.
Result<ValueView> ViewOf(const vecdb_value& value, std::string_view what);

Result<Value> OwnedOf(const vecdb_value& value, std::string_view what);

vecdb_key LendKey(const Key& key);
Result<std::vector<Key>> OwnedKeys(const vecdb_key* keys, std::size_t count);
Result<std::vector<std::string>> OwnedTexts(const vecdb_text* texts, std::size_t count,
                                            std::string_view what);

}  // namespace vecdb::api
