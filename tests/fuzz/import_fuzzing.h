// Shared by the fuzz targets of the command line's readers: any bytes as a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "formats/schema_text.h"
#include "formats/source.h"
#include "fuzz/fuzzing.h"

namespace vecdb::fuzz {

// A file is read, or refused in words: as a mistake, or as too large for memory.
inline bool Understood(const Status& status) {
  Expect(status.ok() || status.code() == StatusCode::kInvalidArgument ||
         status.code() == StatusCode::kNotFound);
  Expect(status.ok() || !status.message().empty());
  return status.ok();
}

// Guesses, and reads every row into batches; then once more behind a skipped row, which must end
// at the same row or the same failure.
template <typename Open>
void ReadRows(const Open& open) {
  std::uint64_t rows = 0;
  for (std::uint64_t skip = 0; skip < 2; ++skip) {
    auto source = open();
    if (!Understood(source.status())) return;
    const auto fields = (*source)->Guess();
    if (!Understood(fields.status())) return;
    const auto schema = cli::SchemaOf(*fields);
    if (!Understood(schema.status()) || !Understood((*source)->Bind(*schema))) return;
    const auto skipped = (*source)->Skip(skip);
    if (!Understood(skipped.status())) return;
    std::uint64_t got = *skipped;
    Status status;
    Batch batch(*schema);
    while (status.ok()) {
      batch.Clear();
      const auto read = (*source)->Read(7, &batch);
      status = read.status();
      got += batch.rows();
      if (read.ok()) Expect(batch.rows() == *read);
      if (read.ok() && *read == 0) break;
      Expect((*source)->fraction() >= 0 && (*source)->fraction() <= 1);
    }
    (void)Understood(status);
    const std::string message(status.ok() ? "" : status.message());
    if (skip != 0 && *skipped == skip) Expect(got >= rows || !message.empty());
    rows = got;
  }
}

}  // namespace vecdb::fuzz
