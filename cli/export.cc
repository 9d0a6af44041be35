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

constexpr std::size_t kMostRows = 16'384;  // of one query

// As a filter writes a text: quoted, what would end it or be taken for an escape written out.
std::string FilterText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20) {
      quoted += Format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

// Goes through the rows of a collection in the order of their keys, piece by piece.
class RowWalk {
 public:
  RowWalk(const Collection& collection, const ExportArguments& arguments,
          std::vector<std::string> output)
      : collection_(collection),
        filter_(arguments.filter),
        key_(collection.schema().primary_key()) {
    request_.output_fields = std::move(output);
    request_.read.partitions = arguments.partitions;
    const auto& names = request_.output_fields;
    const auto key = std::find(names.begin(), names.end(), key_.name);
    key_at_ = static_cast<std::size_t>(key - names.begin());
    key_wanted_ = key != names.end();
    if (!key_wanted_) request_.output_fields.push_back(key_.name);
    std::size_t bytes = 64;
    for (const Field& field : collection.schema().fields())
      bytes += field.dimension * sizeof(float);
    request_.limit = std::clamp<std::size_t>((std::size_t{64} << 20) / bytes, 100, kMostRows);
  }

  // None at the end.
  Result<std::vector<Row>> Next(std::uint64_t most) {
    if (ended_) return std::vector<Row>();
    request_.filter = filter_;
    if (!last_.empty()) {
      const std::string behind = Format("{} > {}", key_.name, last_);
      request_.filter = filter_.empty() ? behind : Format("({}) and {}", filter_, behind);
    }
    const std::size_t wanted = std::min<std::uint64_t>(request_.limit, most);
    QueryRequest request = request_;
    request.limit = wanted;
    CLI_TRY_ASSIGN(auto rows, collection_.Query(request));
    ended_ = rows.size() < wanted;
    if (rows.empty()) return rows;
    const Value& key = rows.back().values[key_at_];
    const auto* text = std::get_if<std::string>(&key);
    last_ = text != nullptr ? FilterText(*text) : Format("{}", std::get<std::int64_t>(key));
    if (key_wanted_) return rows;
    for (Row& row : rows) {
      row.names.pop_back();
      row.values.pop_back();
    }
    return rows;
  }

 private:
  const Collection& collection_;
  const std::string filter_;
  const Field& key_;
  QueryRequest request_;
  std::size_t key_at_ = 0;
  bool key_wanted_ = true;
  std::string last_;  // key, as a filter writes it
  bool ended_ = false;
};

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
  CLI_TRY_ASSIGN(const std::uint64_t matches,
                 collection.Count(arguments.filter, {.partitions = arguments.partitions}));
  FormatOptions options{.schema = collection.schema(), .fields = {}, .null_text = {}};
  options.rows = std::min(matches, arguments.limit.value_or(matches));
  options.separator = arguments.separator;
  options.null_text = arguments.null_text;
  for (const std::string& name : names) options.fields.push_back(collection.schema().Find(name));
  CLI_TRY_ASSIGN(const auto rows_format, MakeRowFormat(format, options));
  std::string text;
  CLI_TRY(rows_format->Header(&text));
  RowWalk walk(collection, arguments, names);
  Progress progress(arguments.progress || StderrIsTerminal());
  std::uint64_t written = 0;
  while (written < options.rows) {
    if (Interrupted()) return Status(StatusCode::kCancelled, "interrupted: no file was written");
    CLI_TRY_ASSIGN(const auto rows, walk.Next(options.rows - written));
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
