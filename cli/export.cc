#include <algorithm>
#include <chrono>

#include "commands.h"
#include "export_format.h"
#include "formats/input.h"
#include "formats/output.h"
#include "interrupt.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

// Rows of one piece: some 64 MiB of vectors at most.
std::size_t PieceRows(const Schema& schema) {
  constexpr std::size_t kMostRows = 16'384;
  std::size_t bytes = 64;
  for (const Field& field : schema.fields()) bytes += field.dimension * sizeof(float);
  return std::clamp<std::size_t>((std::size_t{64} << 20) / bytes, 100, kMostRows);
}

Result<std::vector<std::string>> OutputNames(const ExportArguments& arguments,
                                             const std::string& format, const Schema& schema) {
  std::vector<std::string> names;
  const bool all = arguments.output.empty() || arguments.output.front() == "*";
  for (const Field& field : schema.fields()) {
    if (!all) break;
    const bool wanted = format != "npy" || field.dimension != 0;  // vectors, where it is one field
    if (wanted) names.push_back(field.name);
  }
  if (!all) names = arguments.output;
  for (const std::string& name : names) {
    if (schema.Find(name) == nullptr) return Bad("the collection has no field {}", Quoted(name));
  }
  return names;
}

Result<std::uint64_t> WriteRows(const ExportArguments& arguments, const Collection& collection,
                                Output* output) {
  const std::string format = arguments.format.empty() ? EndingOf(arguments.file) : arguments.format;
  CLI_TRY_ASSIGN(const auto names, OutputNames(arguments, format, collection.schema()));
  CLI_TRY_ASSIGN(const Snapshot snapshot, collection.Snapshot());
  const ReadOptions read{.partitions = arguments.partitions};
  CLI_TRY_ASSIGN(const std::uint64_t matches, snapshot.Count(arguments.filter, read));
  FormatOptions options{.schema = collection.schema(), .fields = {}, .null_text = {}};
  options.rows = std::min(matches, arguments.limit.value_or(matches));
  options.separator = arguments.separator;
  options.null_text = arguments.null_text;
  for (const std::string& name : names) options.fields.push_back(collection.schema().Find(name));
  CLI_TRY_ASSIGN(const auto rows_format, MakeRowFormat(format, options));
  std::string text;
  CLI_TRY(rows_format->Header(&text));
  IterateRequest request;
  request.filter = arguments.filter;
  request.output_fields = names;
  request.batch_size = PieceRows(collection.schema());
  request.limit = options.rows;
  request.read = read;
  CLI_TRY_ASSIGN(RowIterator walk, snapshot.Iterate(request));
  Progress progress(arguments.progress || StderrIsTerminal());
  std::uint64_t written = 0;
  while (written < options.rows) {
    if (Interrupted()) return Status(StatusCode::kCancelled, "interrupted: no file was written");
    CLI_TRY_ASSIGN(const auto rows, walk.Next());
    if (rows.empty()) break;
    for (const Row& row : rows) {
      CLI_TRY(rows_format->Add(row, &text));
      if (text.size() < (std::size_t{1} << 20)) continue;
      CLI_TRY(output->Write(text));
      text.clear();
    }
    written += rows.size();
    progress.Update(static_cast<double>(written) / static_cast<double>(options.rows), written);
  }
  CLI_TRY(output->Write(text));
  if (written == options.rows) return written;
  return Status(StatusCode::kInternal,
                Format("{} rows were counted and {} found", options.rows, written));
}

Status Export(const Session& session, const ExportArguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const auto output, Output::Create(arguments.file, arguments.force));
  CLI_TRY_ASSIGN(const std::uint64_t rows, WriteRows(arguments, collection, output.get()));
  CLI_TRY(output->Finish());
  if (arguments.file == "-") return Status();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  Print(Format("exported {} {} in {}", Grouped(rows), Plural(rows, "row", "rows"),
               DurationText(took.count())));
  return Status();
}

}  // namespace

int RunExport(const Session& session, const ExportArguments& arguments) {
  const InterruptGuard guard;
  const Status status = Export(session, arguments);
  if (status.ok()) return kExitOk;
  const int code = Fail(status);
  return status.code() == StatusCode::kCancelled ? kExitInterrupted : code;
}

}  // namespace vecdb::cli
