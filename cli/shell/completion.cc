#include "shell/completion.h"

#include <algorithm>

#include "shell/words.h"

namespace vecdb::cli {
namespace {

bool IsCollection(const std::vector<std::string>& names, const std::string& word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

void AddFields(Database* database, const std::string& collection, std::vector<std::string>* out) {
  const auto opened = database->OpenCollection(collection);
  if (!opened.ok()) return;
  for (const Field& field : opened->schema().fields()) out->push_back(field.name);
}

std::vector<std::string> CollectionNames(Database* database) {
  auto names = database->ListCollections();
  return names.ok() ? *std::move(names) : std::vector<std::string>();
}

bool TakesFields(const std::string& option) {
  return option == "--output" || option == "--field" || option == "--filter";
}

}  // namespace

const std::vector<std::string>& DotCommands() {
  static const std::vector<std::string> names{
      ".collections", ".exit", ".help", ".indexes", ".mode", ".quit", ".schema", ".timer", ".use"};
  return names;
}

std::vector<std::string> Completions(std::string_view line, const CommandLine& commands,
                                     Database* database, const std::string& current) {
  const OpenLine open = SplitOpenLine(line);
  const std::vector<std::string> collections = CollectionNames(database);
  std::vector<std::string> all;
  std::string prefix;  // of the word, that is kept: of the fields of a list or a filter
  std::string last = open.last;
  if (open.words.empty()) {
    all = commands.Commands();
    all.insert(all.end(), DotCommands().begin(), DotCommands().end());
  } else if (open.words[0] == ".timer") {
    all = {"off", "on"};
  } else if (open.words[0] == ".mode") {
    all = {"json", "table"};
  } else if (TakesFields(open.words.back())) {
    const bool named = open.words.size() > 2 && IsCollection(collections, open.words[1]);
    AddFields(database, named ? open.words[1] : current, &all);
    const std::size_t start = last.find_last_of(", ()");
    if (start != std::string::npos) prefix = last.substr(0, start + 1);
    last = last.substr(prefix.size());
  } else if (!last.empty() && last[0] == '-') {
    all = commands.OptionsOf(open.words[0]);
  } else if (open.words.size() == 1 || open.words[0][0] == '.') {
    all = collections;
  }
  std::vector<std::string> fitting;
  for (const std::string& word : all) {
    if (word.compare(0, last.size(), last) == 0) fitting.push_back(prefix + word);
  }
  std::sort(fitting.begin(), fitting.end());
  fitting.erase(std::unique(fitting.begin(), fitting.end()), fitting.end());
  return fitting;
}

}  // namespace vecdb::cli
