#include "vecdb/check.h"

#include "commands.h"
#include "json.h"
#include "text.h"

namespace vecdb::cli {
namespace {

// The name says where, unless the problem is in no file alone.
std::string ProblemText(const FileProblem& problem) {
  return problem.file.empty() ? problem.text : Format("{}: {}", problem.file, problem.text);
}

void PrintReport(const CheckReport& report, bool full) {
  Print(Format("checked {} {}, {}: {} {}, {} {} with {} rows, {} log {}", Grouped(report.files),
               Plural(report.files, "file", "files"), BytesText(report.bytes), report.collections,
               Plural(report.collections, "collection", "collections"), report.segments,
               Plural(report.segments, "segment", "segments"), Grouped(report.segment_rows),
               Grouped(report.log_records), Plural(report.log_records, "record", "records")));
  if (full && report.clean()) {
    Print(Format("read {} visible rows: no key twice", Grouped(report.visible_rows)));
  }
  for (const std::string& note : report.notes) Print(Format("note: {}", note));
  for (const FileProblem& problem : report.unchecked) {
    Print(Format("unreadable: {}", ProblemText(problem)));
  }
  for (const FileProblem& problem : report.damaged) {
    Print(Format("DAMAGED: {}", ProblemText(problem)));
  }
  if (report.clean()) Print("clean");
}

void WriteProblems(std::string_view name, const std::vector<FileProblem>& problems,
                   JsonWriter* json) {
  json->Name(name);
  json->BeginArray();
  for (const FileProblem& problem : problems) {
    json->BeginObject();
    json->Member("file", problem.file);
    json->Member("problem", problem.text);
    json->EndObject();
  }
  json->EndArray();
}

void PrintJson(const CheckReport& report, bool full) {
  JsonWriter json;
  json.BeginObject();
  json.Name("clean");
  json.Bool(report.clean());
  json.Member("files", report.files);
  json.Member("bytes", report.bytes);
  json.Member("collections", report.collections);
  json.Member("segments", report.segments);
  json.Member("segment_rows", report.segment_rows);
  json.Member("log_groups", report.log_groups);
  json.Member("log_records", report.log_records);
  if (full) json.Member("visible_rows", report.visible_rows);
  WriteProblems("damaged", report.damaged, &json);
  WriteProblems("unreadable", report.unchecked, &json);
  json.Name("notes");
  json.BeginArray();
  for (const std::string& note : report.notes) json.Text(note);
  json.EndArray();
  json.EndObject();
  json.Print();
}

}  // namespace

int RunCheck(const CheckArguments& arguments) {
  const auto report = Check(arguments.database, arguments.full);
  if (!report.ok()) {
    if (arguments.json) {
      JsonWriter json;
      json.BeginObject();
      json.Member("error", report.status().message());
      json.EndObject();
      json.Print();
    }
    static_cast<void>(Fail(report.status()));
    return kExitUsage;
  }
  if (arguments.json) {
    PrintJson(*report, arguments.full);
  } else {
    PrintReport(*report, arguments.full);
  }
  if (!report->damaged.empty()) return kExitFailure;
  return report->unchecked.empty() ? kExitOk : kExitUsage;
}

}  // namespace vecdb::cli
