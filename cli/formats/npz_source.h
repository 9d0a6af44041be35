// Rows from a NumPy archive: one array a field, by its name. Without an array for the key, rows are
// keyed by their number, from 0.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "formats/source.h"
#include "formats/vector_reader.h"
#include "formats/vector_value.h"
#include "formats/zip.h"

namespace vecdb::cli {

class NpzSource final : public RowSource {
 public:
  static Result<std::unique_ptr<RowSource>> Open(const std::string& path,
                                                 const std::shared_ptr<RandomBytes>& bytes,
                                                 const SourceOptions& options);

  Result<std::vector<Field>> Guess() override;
  Status Bind(const Schema& schema) override;
  Result<std::size_t> Read(std::size_t max_rows, Batch* batch) override;
  Result<std::uint64_t> Skip(std::uint64_t rows) override;
  std::string LastRows() const override;
  double fraction() const override;

 private:
  struct Array {
    std::string name;
    std::unique_ptr<VectorReader> reader;
    const Field* field = nullptr;  // of schema_
  };

  NpzSource(std::string path, const SourceOptions& options)
      : path_(std::move(path)), options_(options) {}
  Status AddArray(const std::shared_ptr<RandomBytes>& bytes, const ZipEntry& entry);
  bool HasKey(const std::string& name) const;
  static Status CheckFits(const Array& array, const Field& field);
  Status AddColumn(Array& array, std::size_t rows, Batch* batch);
  // To doubles_, as a field of this type takes them.
  Status ToReals(const Field& field, Element element, std::span<const std::byte> bytes);

  const std::string path_;
  const SourceOptions options_;
  std::vector<Array> arrays_;
  std::uint64_t rows_ = 0;
  std::uint64_t row_ = 0;    // the next one
  std::uint64_t first_ = 0;  // of the last Read
  std::optional<Schema> schema_;
  bool number_keys_ = false;
  VectorColumn vectors_;
  std::vector<float> floats_;
  std::vector<double> doubles_;
  std::vector<std::int64_t> integers_;
};

}  // namespace vecdb::cli
