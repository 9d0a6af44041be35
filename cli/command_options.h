// Options and arguments that several commands have, and their checks.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "vecdb/request.h"
#include "vecdb/result.h"

#include "text.h"

namespace vecdb::cli {

// Of digits alone.
inline std::optional<std::uint64_t> WholeNumber(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

struct NumberRange {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

// An option that takes a number of digits alone. CLI11 itself would take "" for 0, wrap negative
// numbers around, and read "010" as 8.
template <typename T>
CLI::Option* AddNumber(CLI::App* command, const std::string& name, T* target,
                       const std::string& description, NumberRange range = {}) {
  const auto check = [range](const std::string& text) {
    const auto number = WholeNumber(text);
    if (number && *number >= range.least && *number <= range.most) return std::string();
    return Format("'{}' is no whole number from {} to {}", text, range.least, range.most);
  };
  const auto take = [target](const std::string& text) {
    *target = static_cast<T>(WholeNumber(text).value_or(0));  // it has been checked
  };
  return command->add_option_function<std::string>(name, take, description)
      ->type_name("UINT")
      ->check(check, "", "");
}

// An option whose text `parse` understands; `take` gets what it made of it. May be given often.
template <typename T>
CLI::Option* AddParsed(CLI::App* command, const std::string& name, const std::string& type_name,
                       Result<T> (*parse)(std::string_view), std::function<void(T)> take,
                       const std::string& description) {
  const auto check = [parse](const std::string& text) {
    const auto parsed = parse(text);
    return parsed.ok() ? std::string() : std::string(parsed.status().message());
  };
  const auto take_all = [parse, take](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) take(*parse(text));
  };
  return command->add_option_function<std::vector<std::string>>(name, take_all, description)
      ->type_name(type_name)
      ->allow_extra_args(false)
      ->check(check, "", "");
}

inline Result<float> RealNumber(std::string_view text) {
  float number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end) return number;
  return Bad("{} is no number", Quoted(text));
}

// How hard a search looks.
inline void AddEffort(CLI::App* c, SearchEffort* effort) {
  AddParsed<float>(
      c, "--recall", "SHARE", RealNumber, [effort](float recall) { effort->recall = recall; },
      "Share of the nearest rows that an index shall find, to 1 (default: 0.95)");
  AddNumber(c, "--ef", &effort->ef, "Instead: how many candidates an index keeps",
            {0, std::numeric_limits<std::uint32_t>::max()});
  AddParsed<float>(
      c, "--refine-k", "FACTOR", RealNumber,
      [effort](float refine_k) { effort->refine_k = refine_k; },
      "How many of them are measured exactly, times limit + offset (default: by the index)");
}

// Which scores a search wants.
inline void AddRange(CLI::App* c, std::optional<float>* radius, std::optional<float>* filter) {
  AddParsed<float>(
      c, "--radius", "SCORE", RealNumber, [radius](float score) { *radius = score; },
      "Only rows that are nearer than this score");
  AddParsed<float>(
      c, "--range-filter", "SCORE", RealNumber, [filter](float score) { *filter = score; },
      "And none that are nearer than this one, which is nearer than the radius");
}

// The database, and the collection unless it is null.
inline void AddPlace(CLI::App* c, std::string* database, std::string* collection) {
  c->add_option("DB", *database, "Directory of the database")->required();
  if (collection == nullptr) return;
  c->add_option("COLLECTION", *collection, "Name of the collection")->required();
}

}  // namespace vecdb::cli
