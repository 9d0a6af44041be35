// What the two ways of importing share: where the rows go, and what is told about it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vecdb/database.h"

#include "commands.h"
#include "input.h"
#include "progress.h"

namespace vecdb::cli {

class RowSink {
 public:
  // The collection as it is, or, when it is missing and may be made, one of `schema`. A failure to
  // make up a schema counts only when it is needed.
  static Result<std::unique_ptr<RowSink>> Open(const ImportArguments& arguments,
                                               const Result<Schema>& schema);

  const Schema& schema() const { return collection_.schema(); }
  bool created() const { return created_; }
  std::uint64_t rows() const { return rows_; }
  // How many of `wanted` rows the limit still allows.
  std::uint64_t Room(std::uint64_t wanted) const;

  Status Write(const Batch& batch, const Input& input);
  // After a failure: a collection that was made for this import and has no rows is dropped again,
  // since it has the name, and no command could make room for a better one. Returns the failure
  // with what became of the collection.
  Status TakeBack(const Status& failure);
  // Returns when every row would survive a power cut and the database is closed.
  Status Finish();
  void PrintSummary();

 private:
  RowSink(const ImportArguments& arguments, Database database, const Collection& collection,
          bool created);

  const ImportArguments& arguments_;
  Database database_;
  Collection collection_;
  const bool created_;
  Progress progress_;
  std::uint64_t rows_ = 0;
  Timestamp last_{0};
  double seconds_ = 0;
};

// Each leaves the rows written so far where a failure comes; `sink` says how many.
Status ImportVectors(const ImportArguments& arguments, std::unique_ptr<RowSink>* sink);
Status ImportJsonLines(const ImportArguments& arguments, std::unique_ptr<RowSink>* sink);

}  // namespace vecdb::cli
