// Any bytes as rows of JSON, for the schema that they suggest and for one of every kind of field;
// as a vector, and as a schema.
#include "formats/json_guess.h"
#include "formats/json_rows.h"
#include "formats/json_source.h"
#include "fuzz/import_fuzzing.h"

using namespace vecdb;
using namespace vecdb::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = InputOf(data, size);
  ReadRows([&]() -> Result<std::unique_ptr<cli::RowSource>> {
    return std::unique_ptr<cli::RowSource>(std::make_unique<cli::JsonSource>(
        cli::Input::OfMemory("f.jsonl", bytes), cli::SourceOptions()));
  });
  std::string text(reinterpret_cast<const char*>(data), size);
  (void)Understood(cli::ParseSchema(text).status());
  std::string row = text;
  Batch batch(EveryField());
  cli::RowReader reader(EveryField());
  (void)Understood(reader.Add(&row, &batch));
  std::vector<float> vector;
  (void)Understood(cli::ParseVector(&text, &vector));
  return 0;
}
