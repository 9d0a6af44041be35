#include <algorithm>
#include <deque>

#include "import.h"
#include "jsonl.h"
#include "table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kSampleRows = 1'000;
constexpr std::size_t kSampleBytes = std::size_t{8} << 20;
constexpr std::uint64_t kGoodBatchRows = 1'000;
constexpr std::uint64_t kMaxBatchRows = 100'000;
constexpr std::size_t kMaxBatchText = std::size_t{4} << 20;  // of JSON, which is longer than rows

// The first lines: what a schema is guessed from. A malformed one among them comes up as its
// schema's failure, or when it is its turn to be imported.
Result<std::vector<JsonLine>> ReadSample(JsonLines& lines, std::uint64_t limit) {
  std::vector<JsonLine> sample;
  std::size_t bytes = 0;
  while (sample.size() < std::min<std::uint64_t>(kSampleRows, limit) && bytes < kSampleBytes) {
    CLI_TRY_ASSIGN(auto line, lines.Next());
    if (!line) break;
    bytes += line->text.size();
    sample.push_back(*std::move(line));
  }
  return sample;
}

Status CheckHints(const ImportArguments& arguments, const Schema& schema) {
  const Field& key = schema.primary_key();
  if (arguments.key_field.empty() || arguments.key_field == key.name) return Status();
  return Bad("--key-field {}: the key of the collection is '{}'", arguments.key_field, key.name);
}

class Importer {
 public:
  Importer(const ImportArguments& arguments, RowSink* sink, const Input& input)
      : sink_(*sink),
        input_(input),
        reader_(arguments.file, sink->schema()),
        batch_(sink->schema()),
        batch_rows_(std::min(arguments.batch_rows == 0 ? kGoodBatchRows : arguments.batch_rows,
                             kMaxBatchRows)),
        file_(arguments.file) {}

  // False when the limit is reached.
  Result<bool> Add(const JsonLine& line) {
    if (sink_.Room(batch_.rows() + 1) <= batch_.rows()) return false;
    if (batch_.rows() == 0) first_line_ = line.number;
    CLI_TRY(reader_.Add(line, &batch_));
    last_line_ = line.number;
    text_ += line.text.size();
    if (batch_.rows() >= batch_rows_ || text_ >= kMaxBatchText) CLI_TRY(Flush());
    return true;
  }

  Status Flush() {
    if (batch_.rows() == 0) return Status();
    CLI_TRY(Annotate(sink_.Write(batch_, input_),
                     Format("'{}' lines {} to {}", file_, first_line_, last_line_)));
    batch_.Clear();
    text_ = 0;
    return Status();
  }

 private:
  RowSink& sink_;
  const Input& input_;
  RowReader reader_;
  Batch batch_;
  const std::uint64_t batch_rows_;
  const std::string file_;
  std::size_t text_ = 0;
  std::uint64_t first_line_ = 0;
  std::uint64_t last_line_ = 0;
};

void PrintGuess(const std::string& collection, const Schema& schema) {
  Print(Format("created '{}' with a schema guessed from the first rows:", collection));
  Table table;
  table.AddColumn("field");
  table.AddColumn("type");
  for (const Field& field : schema.fields()) table.AddRow({field.name, TypeText(field)});
  table.Print();
}

// Rows before a bad line are written: what is imported is everything up to it.
Status WriteLines(JsonLines& lines, const std::vector<JsonLine>& sample, Importer* importer) {
  for (const JsonLine& line : sample) {
    CLI_TRY_ASSIGN(const bool more, importer->Add(line));
    if (!more) return Status();
  }
  while (true) {
    CLI_TRY_ASSIGN(const auto line, lines.Next());
    if (!line) return Status();
    CLI_TRY_ASSIGN(const bool more, importer->Add(*line));
    if (!more) return Status();
  }
}

}  // namespace

Status ImportJsonLines(const ImportArguments& arguments, std::unique_ptr<RowSink>* sink) {
  if (!arguments.field.empty())
    return Bad("--field is for files of vectors: JSON names its fields");
  CLI_TRY_ASSIGN(const auto lines, JsonLines::Open(arguments.file));
  CLI_TRY_ASSIGN(const auto sample, ReadSample(*lines, arguments.limit.value_or(kSampleRows)));
  const SchemaHints hints{arguments.file, arguments.key_field,
                          arguments.metric.value_or(Metric::kL2)};
  CLI_TRY_ASSIGN(*sink, RowSink::Open(arguments, GuessSchema(sample, hints)));
  const Schema& schema = (*sink)->schema();
  CLI_TRY(CheckHints(arguments, schema));
  if ((*sink)->created()) PrintGuess(arguments.collection, schema);
  Importer importer(arguments, sink->get(), lines->input());
  const Status written = WriteLines(*lines, sample, &importer);
  const Status flushed = importer.Flush();
  return written.ok() ? flushed : written;
}

}  // namespace vecdb::cli
