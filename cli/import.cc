#include "import.h"

#include <algorithm>
#include <filesystem>

#include "text.h"
#include "vector_file.h"

namespace vecdb::cli {
namespace {

CollectionOptions OptionsOf(const ImportArguments& arguments) {
  CollectionOptions options;
  if (arguments.segment_bytes) options.segment_bytes = *arguments.segment_bytes;
  return options;
}

// Whether the collection could be made, tried where it leaves nothing behind.
Status Rehearse(const ImportArguments& arguments, const Schema& schema) {
  Options options;
  options.own_threads = false;
  CLI_TRY_ASSIGN(Database database, Database::OpenInMemory(options));
  const auto made = database.CreateCollection(arguments.collection, schema, OptionsOf(arguments));
  return made.status();
}

}  // namespace

RowSink::RowSink(const ImportArguments& arguments, Database database, const Collection& collection,
                 bool created)
    : arguments_(arguments),
      database_(std::move(database)),
      collection_(collection),
      created_(created),
      progress_(arguments.progress || StderrIsTerminal()) {
}

Result<std::unique_ptr<RowSink>> RowSink::Open(const ImportArguments& arguments,
                                               const Result<Schema>& schema) {
  Options options;
  options.durability = arguments.durability;
  options.create_if_missing = false;
  auto opened = Database::Open(arguments.database, options);
  if (opened.status().code() == StatusCode::kNotFound) {
    if (!arguments.create) return Annotate(opened.status(), "--create makes a new database");
    if (!schema.ok()) return schema.status();
    CLI_TRY(Rehearse(arguments, *schema));  // a mistake leaves no empty database
    options.create_if_missing = true;
    opened = Database::Open(arguments.database, options);
  }
  if (!opened.ok()) return opened.status();
  Database database = *std::move(opened);
  auto collection = database.OpenCollection(arguments.collection);
  const bool create = collection.status().code() == StatusCode::kNotFound;
  if (create) {
    if (!arguments.create) {
      return Status(StatusCode::kNotFound,
                    Format("no collection named '{}'; --create makes it", arguments.collection));
    }
    if (!schema.ok()) return schema.status();
    collection = database.CreateCollection(arguments.collection, *schema, OptionsOf(arguments));
  }
  if (!collection.ok()) return collection.status();
  if (!create && arguments.segment_bytes) {
    Complain(Format("--segment-bytes is for new collections: '{}' keeps the size it was made with",
                    arguments.collection));
  }
  return std::unique_ptr<RowSink>(new RowSink(arguments, std::move(database), *collection, create));
}

std::uint64_t RowSink::Room(std::uint64_t wanted) const {
  if (!arguments_.limit) return wanted;
  return std::min(wanted, *arguments_.limit - std::min(*arguments_.limit, rows_));
}

Status RowSink::Write(const Batch& batch, const Input& input) {
  const auto receipt = arguments_.upsert ? collection_.Upsert(batch) : collection_.Insert(batch);
  if (!receipt.ok()) return receipt.status();
  last_ = receipt->timestamp;
  rows_ += batch.rows();
  progress_.Update(input.fraction(), rows_);
  return Status();
}

Status RowSink::Finish() {
  if (rows_ != 0) CLI_TRY(database_.WaitDurable(last_));
  seconds_ = progress_.seconds();
  progress_.Clear();
  return database_.Close();
}

Status RowSink::TakeBack(const Status& failure) {
  if (!created_ || rows_ != 0) return failure;
  const Status dropped = database_.DropCollection(arguments_.collection);
  return Status(failure.code(),
                dropped.ok() ? Format("{}; the new collection '{}' is dropped again",
                                      failure.message(), arguments_.collection)
                             : Format("{}; the new collection '{}' stays, without rows: {}",
                                      failure.message(), arguments_.collection, dropped.message()));
}

void RowSink::PrintSummary() {
  const double rate = static_cast<double>(rows_) / std::max(seconds_, 1e-9);
  Print(Format("imported {} {} in {} ({} rows/s)", Grouped(rows_), Plural(rows_, "row", "rows"),
               DurationText(seconds_), Grouped(static_cast<std::uint64_t>(rate))));
}

int RunImport(const ImportArguments& arguments) {
  std::unique_ptr<RowSink> sink;
  Status status = VectorFormatOf(arguments.file) ? ImportVectors(arguments, &sink)
                                                 : ImportJsonLines(arguments, &sink);
  const std::uint64_t rows = sink == nullptr ? 0 : sink->rows();
  if (sink != nullptr) {
    if (!status.ok()) status = sink->TakeBack(status);
    const Status finished = sink->Finish();
    if (status.ok()) status = finished;
  }
  if (status.ok()) {
    sink->PrintSummary();
    return kExitOk;
  }
  if (rows != 0) {
    status = Status(status.code(), Format("{}; {} {} imported", status.message(), Grouped(rows),
                                          Plural(rows, "row before stays", "rows before stay")));
  }
  return Fail(status);
}

}  // namespace vecdb::cli
