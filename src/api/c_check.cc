#include <string_view>

#include "vecdb/check.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_path.h"
#include "api/c_struct.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_check_counts> {
  static constexpr std::string_view kName = "vecdb_check_counts";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_check_counts);
  static vecdb_check_counts Defaults() { return {}; }
};

namespace {

vecdb_finding FindingOf(std::int32_t kind, const FileProblem& problem) {
  return {kind, Lend(std::string_view(problem.file)), Lend(std::string_view(problem.text))};
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

vecdb_code vecdb_check(vecdb_text directory, int full, vecdb_report** out, vecdb_error* error) {
  return CallMaking<ReportObject>(out, error, [&](ReportObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto path, PathOf(directory, "directory"));
    VECDB_TRY_ASSIGN(made.report, Check(path, full != 0));
    return Status();
  });
}

void vecdb_check_counts_init(vecdb_check_counts* counts, size_t struct_size) {
  InitStruct(counts, struct_size);
}

vecdb_code vecdb_report_counts(const vecdb_report* report, vecdb_check_counts* counts,
                               vecdb_error* error) {
  return CallUsing<ReportObject>(report, error, [&](ReportObject& o) {
    const CheckReport& from = o.report;
    vecdb_check_counts whole = {};
    whole.collections = from.collections;
    whole.segments = from.segments;
    whole.segment_rows = from.segment_rows;
    whole.files = from.files;
    whole.bytes = from.bytes;
    whole.log_groups = from.log_groups;
    whole.log_records = from.log_records;
    whole.visible_rows = from.visible_rows;
    whole.damaged = from.damaged.size();
    whole.unchecked = from.unchecked.size();
    whole.notes = from.notes.size();
    return WriteStruct(whole, counts);
  });
}

size_t vecdb_report_finding_count(const vecdb_report* report) {
  return CountIn<ReportObject>(report, [](ReportObject& o) {
    return o.report.damaged.size() + o.report.unchecked.size() + o.report.notes.size();
  });
}

vecdb_code vecdb_report_finding(const vecdb_report* report, size_t i, vecdb_finding* out,
                                vecdb_error* error) {
  return CallUsing<ReportObject>(report, error, [&](ReportObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    const CheckReport& from = o.report;
    const std::size_t problems = from.damaged.size() + from.unchecked.size();
    if (i < from.damaged.size()) {
      *out = FindingOf(VECDB_DAMAGED, from.damaged[i]);
    } else if (i < problems) {
      *out = FindingOf(VECDB_UNCHECKED, from.unchecked[i - from.damaged.size()]);
    } else if (i < problems + from.notes.size()) {
      *out = {VECDB_NOTE, {nullptr, 0}, Lend(std::string_view(from.notes[i - problems]))};
    } else {
      return base::InvalidArgument("there is no finding {}: the handle holds {}", i,
                                   problems + from.notes.size());
    }
    return Status();
  });
}

vecdb_code vecdb_report_free(vecdb_report* report) {
  return Free<ReportObject>(report);
}

vecdb_code vecdb_inspect(vecdb_text file, void (*print)(void* user, vecdb_text line), void* user,
                         vecdb_error* error) {
  return Call(error, [&]() -> Status {
    VECDB_TRY_ASSIGN(const auto path, PathOf(file, "file"));
    if (print == nullptr) return IsNull("print");
    return Inspect(path, [&](std::string_view line) { print(user, Lend(line)); });
  });
}
