#include <algorithm>
#include <fstream>
#include <iterator>

#include "formats/json_guess.h"
#include "formats/schema_text.h"
#include "import.h"
#include "table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

Result<std::vector<Field>> ReadSchemaFile(const std::string& path) {
  constexpr std::size_t kMaxSchema = std::size_t{1} << 20;
  CLI_TRY_ASSIGN(const auto input, Input::Open(path));
  std::string text(kMaxSchema, '\0');
  CLI_TRY_ASSIGN(const std::size_t size, input->Read(std::as_writable_bytes(std::span(text))));
  if (size == kMaxSchema) return Bad("'{}' is longer than {} bytes", path, kMaxSchema);
  text.resize(size);
  auto fields = ParseSchema(text);
  if (!fields.ok()) return Annotate(fields.status(), Format("'{}'", path));
  return fields;
}

}  // namespace

Result<Schema> SchemaFrom(const std::string& schema_file, const std::vector<Field>& given) {
  std::vector<Field> fields;
  if (!schema_file.empty()) {
    CLI_TRY_ASSIGN(fields, ReadSchemaFile(schema_file));
  }
  return SchemaOf(Overridden(std::move(fields), given));
}

Result<Schema> ChooseSchema(const ImportArguments& arguments, RowSource* source) {
  const std::vector<Field>& given = arguments.source.fields;
  if (!arguments.schema_file.empty()) return SchemaFrom(arguments.schema_file, given);
  CLI_TRY_ASSIGN(auto fields, source->Guess());
  const bool key_given =
      std::any_of(given.begin(), given.end(), [](const Field& field) { return field.primary_key; });
  if (key_given) {  // the guessed one makes room, unless it is a column like any other
    fields.erase(std::remove_if(fields.begin(), fields.end(),
                                [](const Field& field) { return field.primary_key; }),
                 fields.end());
  }
  return SchemaOf(Overridden(std::move(fields), given));
}

void PrintSchemaTable(std::string_view words, const Schema& schema) {
  Print(words);
  Table table;
  table.AddColumn("field");
  table.AddColumn("type");
  table.AddColumn("dimension", Table::Align::kRight);
  table.AddColumn("metric");
  table.AddColumn("null");
  table.AddColumn("key");
  const auto has_default = [](const Field& field) {
    return !std::holds_alternative<std::monostate>(field.default_value);
  };
  const auto fields = schema.fields();
  if (std::any_of(fields.begin(), fields.end(), has_default)) table.AddColumn("default");
  for (const Field& field : fields) {
    const bool vector = IsVector(field.type);
    table.AddRow({field.name, TypeText(field),
                  field.dimension != 0 ? Format("{}", field.dimension) : "",
                  vector ? std::string(ToString(field.metric)) : "", field.nullable ? "yes" : "no",
                  !field.primary_key ? "" : (field.auto_id ? "given by vecdb" : "yes"),
                  has_default(field) ? ValueText(field.default_value) : ""});
  }
  table.Print();
}

Status CheckHints(const ImportArguments& arguments, const Schema& schema) {
  const std::string& key = arguments.source.key_field;
  if (!key.empty() && key != schema.primary_key().name) {
    return Bad("--key-field {}: the key of the collection is '{}'", key, schema.primary_key().name);
  }
  for (const Field& field : schema.fields()) {
    if (!IsVector(field.type) || !arguments.source.metric) continue;
    const bool meant =
        arguments.source.vector_field.empty() || arguments.source.vector_field == field.name;
    if (meant && field.metric != *arguments.source.metric) {
      return Bad("--metric {}: field '{}' of the collection is compared by {}",
                 ToString(*arguments.source.metric), field.name, ToString(field.metric));
    }
  }
  for (const Field& field : arguments.source.fields) {
    const Field* found = schema.Find(field.name);
    if (found == nullptr || found->type != field.type) {
      return Bad("--field {}: the collection has {}", field.name,
                 found == nullptr ? std::string("no such field")
                                  : Format("it as {}", ToString(found->type)));
    }
  }
  return Status();
}

}  // namespace vecdb::cli
