#include "index_text.h"

#include "text.h"

namespace vecdb::cli {

void PrintIndexLines(const std::vector<IndexInfo>& indexes) {
  if (indexes.empty()) Print("no index: every row is looked at");
  for (const IndexInfo& index : indexes) {
    Print(Format("index of {}: {}, {}, {} of {} rows in files", Quoted(index.field),
                 ToString(index.spec), ToString(index.state), Grouped(index.indexed_rows),
                 Grouped(index.total_rows)));
  }
}

void WriteIndexes(const std::vector<IndexInfo>& indexes, JsonWriter* json) {
  json->BeginArray();
  for (const IndexInfo& index : indexes) {
    json->BeginObject();
    json->Member("field", index.field);
    json->Member("index", ToString(index.spec));
    json->Member("state", ToString(index.state));
    json->Member("rows", index.total_rows);
    json->Member("indexed_rows", index.indexed_rows);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace vecdb::cli
