#include "import.h"

#include <algorithm>
#include <filesystem>

#include "interrupt.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::uint64_t kMaxBatchRows = 100'000;
constexpr double kTicketSeconds = 2;

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

// The schema of a collection that is about to be made, after it was shown and agreed to.
Result<Schema> AgreeOnSchema(const ImportArguments& arguments,
                             const std::function<Result<Schema>()>& choose) {
  CLI_TRY_ASSIGN(const Schema schema, choose());
  CLI_TRY(Rehearse(arguments, schema));  // a mistake leaves no empty database
  PrintSchemaTable(Format("'{}' is new, with this schema:", arguments.collection), schema);
  if (arguments.yes || !CanAsk() || Ask("Make it so?", Answer::kYes)) return schema;
  if (Interrupted()) return Status(StatusCode::kCancelled, "interrupted: nothing was imported");
  return Status(StatusCode::kCancelled,
                "nothing was imported; --field NAME:TYPE... and --schema FILE change the schema");
}

std::uint64_t BatchRows(const ImportArguments& arguments, const Schema& schema) {
  constexpr std::uint64_t kGoodBatchBytes = std::uint64_t{4} << 20;
  constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{24} << 20;  // a batch holds 32 MiB
  const std::uint64_t row_bytes = RowBytes(schema);
  const std::uint64_t most =
      std::clamp(kMaxBatchBytes / row_bytes, std::uint64_t{1}, kMaxBatchRows);
  const std::uint64_t good = std::max<std::uint64_t>(1, kGoodBatchBytes / row_bytes);
  return std::min(arguments.batch_rows == 0 ? good : arguments.batch_rows, most);
}

// Rows before a bad one are written: what is imported is everything up to it.
Status WriteRows(const ImportArguments& arguments, RowSource* source, RowSink* sink) {
  const std::uint64_t batch_rows = BatchRows(arguments, sink->schema());
  Batch batch(sink->schema());
  while (!Interrupted()) {
    const std::uint64_t room = sink->Room(batch_rows);
    if (room == 0) return Status();
    batch.Clear();
    const auto read = source->Read(static_cast<std::size_t>(room), &batch);
    if (read.ok() && *read == 0) return Status();
    if (batch.rows() != 0) {
      CLI_TRY(Annotate(sink->Write(batch, *source),
                       Format("'{}' {}", arguments.file, source->LastRows())));
    }
    if (!read.ok()) return read.status();
  }
  return Status();
}

// The same command, with --resume.
std::string ResumeCommand(const ImportArguments& arguments) {
  std::string line;
  for (const std::string& word : arguments.command) {
    if (word == "--resume" || word == "--restart") continue;
    line += ShellWord(word) + " ";
  }
  return line + "--resume";
}

// Whether starting again would meet the same end: then there is nothing to resume.
bool IsFinal(const Status& status) {
  return !status.ok() && static_cast<std::int32_t>(status.code()) < 200;
}

Status Import(const Session& session, const ImportArguments& arguments,
              std::unique_ptr<RowSink>* sink) {
  CLI_TRY_ASSIGN(const auto source, RowSource::Open(arguments.file, arguments.source));
  const auto choose = [&] { return ChooseSchema(arguments, source.get()); };
  CLI_TRY_ASSIGN(*sink, RowSink::Open(session, arguments, choose));
  CLI_TRY(CheckHints(arguments, (*sink)->schema()));
  CLI_TRY(source->Bind((*sink)->schema()));
  CLI_TRY((*sink)->Begin(source.get()));
  return WriteRows(arguments, source.get(), sink->get());
}

int EndImport(const ImportArguments& arguments, std::unique_ptr<RowSink> sink, Status status) {
  const std::uint64_t rows = sink == nullptr ? 0 : sink->rows();
  const bool interrupted = status.ok() && Interrupted();
  if (sink != nullptr) {
    if (!status.ok()) status = sink->TakeBack(status);
    const Status finished = sink->Finish(IsFinal(status) || (status.ok() && !interrupted));
    if (status.ok()) status = finished;
  }
  if (status.ok() && !interrupted) {
    sink->PrintSummary();
    return kExitOk;
  }
  if (!status.ok() && rows != 0) {
    status = Status(status.code(), Format("{}; {} {} imported", status.message(), Grouped(rows),
                                          Plural(rows, "row before stays", "rows before stay")));
  }
  const int code = status.ok() ? kExitInterrupted : Fail(status);
  if (sink == nullptr) return Interrupted() ? kExitInterrupted : code;
  if (!sink->resumable()) return code;
  const std::uint64_t all = sink->before() + rows;
  if (interrupted) {
    Complain(
        Format("interrupted: {} {} in and safe", Grouped(all), Plural(all, "row is", "rows are")));
  }
  Complain(Format("to go on: {}", ResumeCommand(arguments)));
  return code;
}

// Reads the whole file as an import would, and writes nothing.
Status DryRun(const Session& session, const ImportArguments& arguments) {
  CLI_TRY_ASSIGN(const auto source, RowSource::Open(arguments.file, arguments.source));
  std::optional<Schema> schema;
  auto opened = session.OpenToRead(arguments.database);
  if (opened.ok()) {
    const auto collection = (*opened)->OpenCollection(arguments.collection);
    if (collection.ok()) schema = collection->schema();
  } else if (opened.status().code() != StatusCode::kNotFound) {
    return opened.status();
  }
  if (schema) {
    CLI_TRY(CheckHints(arguments, *schema));
    PrintSchemaTable(Format("'{}' has this schema:", arguments.collection), *schema);
  } else {
    CLI_TRY_ASSIGN(schema, ChooseSchema(arguments, source.get()));
    CLI_TRY(Rehearse(arguments, *schema));
    PrintSchemaTable(Format("'{}' would be new, with this schema:", arguments.collection), *schema);
  }
  CLI_TRY(source->Bind(*schema));
  CLI_TRY(source->Skip(arguments.skip).status());
  Progress progress(arguments.progress || StderrIsTerminal());
  Batch batch(*schema);
  std::uint64_t rows = 0;
  const std::uint64_t most = arguments.limit.value_or(~std::uint64_t{0});
  while (rows < most && !Interrupted()) {
    batch.Clear();
    const std::uint64_t wanted = std::min(BatchRows(arguments, *schema), most - rows);
    CLI_TRY_ASSIGN(const std::size_t got, source->Read(static_cast<std::size_t>(wanted), &batch));
    if (got == 0) break;
    rows += got;
    progress.Update(source->fraction(), rows);
  }
  progress.Clear();
  Print(Format("{} {} can be imported; nothing was written", Grouped(rows),
               Plural(rows, "row", "rows")));
  return Status();
}

}  // namespace

RowSink::RowSink(const ImportArguments& arguments, Lease database, const Collection& collection,
                 bool created)
    : arguments_(arguments),
      database_(std::move(database)),
      collection_(collection),
      created_(created),
      counted_(!arguments.upsert || collection.schema().primary_key().auto_id),
      ticket_path_(TicketPath(arguments.database, arguments.collection)),
      progress_(!arguments.watch && (arguments.progress || StderrIsTerminal())) {
}

Result<std::unique_ptr<RowSink>> RowSink::Open(const Session& session,
                                               const ImportArguments& arguments,
                                               const std::function<Result<Schema>()>& choose) {
  auto opened = session.OpenToWrite(arguments.database);
  std::optional<Schema> schema;
  if (opened.status().code() == StatusCode::kNotFound) {
    if (!arguments.create) return Annotate(opened.status(), "--create makes a new database");
    CLI_TRY_ASSIGN(schema, AgreeOnSchema(arguments, choose));
    opened = session.OpenOrMake(arguments.database);
  }
  if (!opened.ok()) return opened.status();
  Lease database = *std::move(opened);
  auto collection = database->OpenCollection(arguments.collection);
  const bool create = collection.status().code() == StatusCode::kNotFound;
  if (create) {
    if (!arguments.create) {
      return Status(StatusCode::kNotFound,
                    Format("no collection named '{}'; --create makes it", arguments.collection));
    }
    if (!schema) {
      CLI_TRY_ASSIGN(schema, AgreeOnSchema(arguments, choose));
    }
    collection = database->CreateCollection(arguments.collection, *schema, OptionsOf(arguments));
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
  return std::min(wanted, *arguments_.limit - std::min(*arguments_.limit, before_ + rows_));
}

// 1 the ticket is there before the first row       crash: it says that no row is in
// 2 rows, batch by batch, each in whole            crash: those that are in are the file's first
// 3 the rows are durable, then the ticket goes     crash: it says that every row is in
Status RowSink::Announce(std::uint64_t base_rows) {
  const auto identity = IdentityOf(arguments_.file);
  if (!identity) return Status();  // not to be read a second time
  CLI_TRY(database_->WaitDurable(Timestamp{~std::uint64_t{0}}));
  ticket_ = {*identity,
             arguments_.upsert,
             arguments_.skip,
             base_rows,
             0,
             std::filesystem::absolute(arguments_.file).string()};
  const Status saved = SaveTicket(ticket_path_, ticket_);
  resumable_ = saved.ok();
  if (!saved.ok()) Complain(Format("this import cannot be resumed: {}", saved.message()));
  return Status();
}

Status RowSink::Begin(RowSource* source) {
  CLI_TRY_ASSIGN(const auto found, LoadTicket(ticket_path_));
  std::uint64_t skip = arguments_.skip;
  if (arguments_.resume) {
    if (!found) {
      return Status(StatusCode::kNotFound, Format("no import into '{}' was interrupted: there is "
                                                  "nothing to resume",
                                                  arguments_.collection));
    }
    CLI_TRY_ASSIGN(before_, RowsBefore(arguments_, *found, collection_));
    resumable_ = true;  // one that was refused leaves the ticket to whoever knows better
    ticket_ = *found;
    skip += before_;
  } else {
    if (found && counted_ && !arguments_.restart) {
      return Status(StatusCode::kFailedPrecondition,
                    Format("an import of '{}' into '{}' was interrupted: --resume goes on with "
                           "it, --restart forgets it",
                           found->file, arguments_.collection));
    }
    CLI_TRY_ASSIGN(const std::uint64_t rows, collection_.Count());
    CLI_TRY(Announce(rows));
  }
  CLI_TRY_ASSIGN(const std::uint64_t skipped, source->Skip(skip));
  if (skipped < skip) return Bad("'{}' has {} rows, fewer than --skip", arguments_.file, skipped);
  progress_.Start(source->fraction(), before_);
  return Status();
}

Status RowSink::Write(const Batch& batch, const RowSource& source) {
  const WriteOptions options{.durability = arguments_.durability,
                             .partition = arguments_.partition};
  const auto receipt =
      arguments_.upsert ? collection_.Upsert(batch, options) : collection_.Insert(batch, options);
  if (!receipt.ok()) return receipt.status();
  last_ = receipt->timestamp;
  rows_ += batch.rows();
  progress_.Update(source.fraction(), before_ + rows_);
  if (arguments_.watch) CLI_TRY(watch_.DrawIfDue(database_));
  if (counted_ || !resumable_ || progress_.seconds() - ticket_time_ < kTicketSeconds) {
    return Status();
  }
  return KeepTicket();
}

// Only durable rows count, so that the ticket is never ahead of the log.
Status RowSink::KeepTicket() {
  CLI_TRY(database_->WaitDurable(last_));
  ticket_.done = before_ + rows_;
  ticket_time_ = progress_.seconds();
  return SaveTicket(ticket_path_, ticket_);
}

Status RowSink::Finish(bool over) {
  seconds_ = progress_.seconds();
  Status status;
  if (rows_ != 0) status = database_->WaitDurable(last_);
  if (status.ok() && !over && resumable_ && !counted_ && rows_ != 0) status = KeepTicket();
  if (status.ok() && over && (resumable_ || arguments_.restart)) {
    RemoveTicket(ticket_path_);
    resumable_ = false;
  }
  progress_.Clear();
  const Status closed = database_.Close();
  return status.ok() ? closed : status;
}

Status RowSink::TakeBack(const Status& failure) {
  if (!created_ || rows_ != 0) return failure;
  const Status dropped = database_->DropCollection(arguments_.collection);
  if (dropped.ok()) RemoveTicket(ticket_path_);
  resumable_ = resumable_ && !dropped.ok();
  return Status(failure.code(),
                dropped.ok() ? Format("{}; the new collection '{}' is dropped again",
                                      failure.message(), arguments_.collection)
                             : Format("{}; the new collection '{}' stays, without rows: {}",
                                      failure.message(), arguments_.collection, dropped.message()));
}

void RowSink::PrintSummary() {
  const double rate = static_cast<double>(rows_) / std::max(seconds_, 1e-9);
  const std::string before =
      before_ == 0 ? "" : Format(", {} with those from before", Grouped(before_ + rows_));
  Print(Format("imported {} {} in {} ({} rows/s){}", Grouped(rows_), Plural(rows_, "row", "rows"),
               DurationText(seconds_), Grouped(static_cast<std::uint64_t>(rate)), before));
}

int RunImport(const Session& session, const ImportArguments& arguments) {
  const InterruptGuard guard;
  if (arguments.dry_run) {
    const Status status = DryRun(session, arguments);
    return status.ok() ? (Interrupted() ? kExitInterrupted : kExitOk) : Fail(status);
  }
  std::unique_ptr<RowSink> sink;
  const Status status = Import(session, arguments, &sink);
  return EndImport(arguments, std::move(sink), status);
}

}  // namespace vecdb::cli
