// The parts of Inspect(): one for each kind of file. Each prints what it can believe, line by line,
// and returns kCorruption when something was damaged.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vecdb/schema.h"

#include "base/format.h"
#include "io/block_file.h"
#include "io/file_system.h"

namespace vecdb::api {

class Printer {
 public:
  explicit Printer(const std::function<void(std::string_view)>& print) : print_(print) {}

  template <class... Args>
  void Line(fmt::format_string<Args...> format, Args&&... arguments) const {
    print_(base::FormatErased(format, fmt::make_format_args(arguments...)));
  }

 private:
  const std::function<void(std::string_view)>& print_;
};

// "(8)" of a vector of dimension 8, "(Int64)" of an array of these; empty for other types.
std::string TypeDetail(const Field& field);
std::string Hex(const io::DatabaseUuid& id);
std::string TimeText(std::uint64_t milliseconds);  // "2024-05-01 12:00:00.000 UTC"
std::string TimestampText(std::uint64_t timestamp);

// A log: the WAL's or a manifest.
Status InspectLog(io::FileSystem& fs, const std::string& name, const Printer& out);
// The records of a manifest; false when it is not one that can be read.
bool InspectEdit(std::uint16_t type, std::span<const std::byte> body, const Printer& out);
// A file of a segment. `database` is null when the file does not lie in its database.
Status InspectSealedFile(io::FileSystem& fs, const std::string& name,
                         const io::DatabaseUuid* database, const Printer& out);

}  // namespace vecdb::api
