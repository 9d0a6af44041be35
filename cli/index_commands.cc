#include "index_commands.h"

#include "command_options.h"

namespace vecdb::cli {
namespace {

using Parameter = IndexArguments::Parameter;

Result<Parameter> ParseParameter(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return Bad("{}: write NAME=VALUE, like M=16", Quoted(text));
  }
  return Parameter(text.substr(0, equals), text.substr(equals + 1));
}

}  // namespace

void IndexCommands::AddTo(const Maker& command, const Session& session) {
  CLI::App* c = command("index", "Make, replace, drop or show the indexes of a collection",
                        "create shop.db books cover --type HNSW_SQ --param M=16 --wait",
                        [this, &session] { return RunIndex(session, arguments_); });
  c->require_subcommand(1);
  AddDeclaring(c, "create", "Declare the index of a vector field");
  AddDeclaring(c, "replace", "Declare it, in the place of the one that there is");
  CLI::App* drop = Action(c, "drop", "Remove an index; its rows stay");
  AddPlace(drop, &arguments_.database, &arguments_.collection);
  drop->add_option("FIELD", arguments_.field, "Its vector field")->required();
  AddLooking(c);
}

CLI::App* IndexCommands::Action(CLI::App* command, const char* name, const char* description) {
  CLI::App* sub = command->add_subcommand(name, description);
  sub->callback([this, name] { arguments_.action = name; });
  return sub;
}

void IndexCommands::AddDeclaring(CLI::App* command, const char* name, const char* description) {
  IndexArguments& a = arguments_;
  CLI::App* c = Action(command, name, description);
  AddPlace(c, &a.database, &a.collection);
  c->add_option("FIELD", a.field, "Vector field")->required();
  c->add_option("--type", a.type, "AUTOINDEX (default), FLAT, HNSW or HNSW_SQ");
  AddParsed<Parameter>(
      c, "--param", "NAME=VALUE", ParseParameter,
      [&a](Parameter parameter) { a.parameters.push_back(std::move(parameter)); },
      "A parameter of the type: M, efConstruction, sq_type");
  c->add_flag("--wait", a.wait, "Flush the collection, and return when it is built");
  c->add_flag("--progress", a.progress, "Show progress even when stderr is no terminal");
}

void IndexCommands::AddLooking(CLI::App* command) {
  IndexArguments& a = arguments_;
  CLI::App* list = Action(command, "list", "Show the indexes that there are");
  AddPlace(list, &a.database, nullptr);
  list->add_option("COLLECTION", a.collection, "Only those of this one");
  list->add_flag("--json", a.json, "One JSON object instead of a table");
  CLI::App* describe = Action(command, "describe", "Show an index, segment by segment");
  AddPlace(describe, &a.database, &a.collection);
  describe->add_option("FIELD", a.field, "Its vector field")->required();
  describe->add_flag("--json", a.json, "One JSON object instead of text");
}

}  // namespace vecdb::cli
