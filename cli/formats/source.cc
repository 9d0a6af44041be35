#include "formats/source.h"

#include <algorithm>

#include "formats/csv_source.h"
#include "formats/json_source.h"
#include "formats/npz_source.h"
#include "formats/vector_source.h"
#include "text.h"

namespace vecdb::cli {

Result<std::unique_ptr<RowSource>> RowSource::Open(const std::string& path,
                                                   const SourceOptions& options) {
  const std::string ending = EndingOf(path);
  if (ending == "npz") {
    CLI_TRY_ASSIGN(const auto bytes, RandomBytes::Open(path));
    return NpzSource::Open(path, bytes, options);
  }
  CLI_TRY_ASSIGN(auto input, Input::Open(path));
  if (VectorReader::Reads(ending)) return VectorSource::Open(std::move(input), options);
  if (!options.vector_field.empty()) {
    return Bad("--field {}: '{}' names its fields itself", options.vector_field, path);
  }
  if (ending == "csv") return CsvSource::Open(std::move(input), options);
  return std::unique_ptr<RowSource>(std::make_unique<JsonSource>(std::move(input), options));
}

std::size_t RowBytes(const Schema& schema) {
  std::size_t bytes = 0;
  for (const Field& field : schema.fields()) {
    const bool bits = field.type == DataType::kBinaryVector;
    bytes += std::max<std::size_t>(8, bits ? field.dimension / 8 : field.dimension * sizeof(float));
  }
  return bytes;
}

}  // namespace vecdb::cli
