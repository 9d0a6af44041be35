#include "query/fetch.h"

#include "base/status.h"

namespace vecdb::query {

Result<Row> FetchRow(const Schema& schema, const segment::Segment& segment, RowIndex row,
                     std::span<const std::uint32_t> output, const base::Deadline& deadline) {
  Row fetched;
  fetched.names.reserve(output.size());
  fetched.values.reserve(output.size());
  for (const std::uint32_t field : output) {
    VECDB_TRY_ASSIGN(const chunk::ColumnView view, segment.Read(field, row, 1, deadline));
    fetched.names.push_back(schema.fields()[field].name);
    fetched.values.push_back(view.At(0));
  }
  return fetched;
}

}  // namespace vecdb::query
