// Where the value of one field is put together while its JSON is read.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb::cli {

class FieldRoom {
 public:
  void Clear();

  // An element of a vector or an array, as the type of `field` has them.
  Status AddNumber(const Field& field, std::string_view digits);
  Status AddBool(const Field& field, bool value);
  Status AddText(const Field& field, std::string_view text);
  // The list of a sparse vector that the next numbers belong to; a failure for another name, and
  // for one that comes twice.
  Status ChooseList(std::string_view name);
  // A vector or an array that has ended; lent.
  Result<ValueView> Take(const Field& field) const;
  std::size_t elements() const { return elements_; }

  rapidjson::Writer<rapidjson::StringBuffer>& writer() { return writer_; }  // of JSON
  std::string_view json() const { return {json_.GetString(), json_.GetSize()}; }

 private:
  static constexpr std::size_t kMaxBools = 4'096;  // no array may have more elements

  Status AddInteger(std::string_view digits, std::int64_t least, std::int64_t most,
                    std::int64_t* number) const;

  std::size_t elements_ = 0;
  std::vector<float> floats_;  // also a sparse vector's
  std::vector<std::uint32_t> indices_;
  std::vector<std::int8_t> int8_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::int64_t> integers_;
  std::vector<double> reals_;
  bool all_integers_ = true;
  std::vector<std::string_view> texts_;
  std::array<bool, kMaxBools> bools_{};
  bool indices_here_ = false;  // which list of a sparse vector is read
  unsigned lists_ = 0;         // which were, a bit each
  rapidjson::StringBuffer json_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{json_};
};

}  // namespace vecdb::cli
