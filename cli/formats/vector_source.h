// Rows from a file of vectors alone: the key of a row is its number, from 0.
#pragma once

#include <optional>

#include "formats/source.h"
#include "formats/vector_reader.h"
#include "formats/vector_value.h"

namespace vecdb::cli {

class VectorSource final : public RowSource {
 public:
  static Result<std::unique_ptr<RowSource>> Open(std::unique_ptr<Input> input,
                                                 const SourceOptions& options);

  Result<std::vector<Field>> Guess() override;
  Status Bind(const Schema& schema) override;
  Result<std::size_t> Read(std::size_t max_rows, Batch* batch) override;
  Result<std::uint64_t> Skip(std::uint64_t rows) override { return reader_->Skip(rows); }
  std::string LastRows() const override;
  double fraction() const override { return reader_->input().fraction(); }

 private:
  VectorSource(std::unique_ptr<VectorReader> reader, const SourceOptions& options)
      : reader_(std::move(reader)), options_(options) {}
  Result<const Field*> FindField() const;

  const std::unique_ptr<VectorReader> reader_;
  const SourceOptions options_;
  std::optional<Schema> schema_;
  const Field* field_ = nullptr;  // of schema_
  std::uint64_t first_ = 0;       // of the last Read
  VectorColumn column_;
  std::vector<std::int64_t> keys_;
};

// A key that counts rows from 0, for files that bring none. Refuses keys of text.
Status CheckNumberKey(const Schema& schema, const std::string& path);
Status AddNumberKeys(const Schema& schema, std::uint64_t first, std::size_t rows,
                     std::vector<std::int64_t>* keys, Batch* batch);

}  // namespace vecdb::cli
