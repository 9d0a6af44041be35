#include <chrono>
#include <functional>

#include <pthread.h>

#include "filter_sample.h"
#include "query/filter/token.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;

namespace {

std::string Times(std::size_t n, std::string_view piece) {
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text += piece;
  return text;
}

bool Compiles(const std::string& text) {
  return query::Filter::Compile(text, ShelfSchema()).ok();
}

// Runs `work` on a thread with little stack; how long it took.
double MillisecondsOnSmallStack(std::function<void()> work) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::size_t kStack = std::size_t{2} << 20;  // frames grow several times over
#else
  constexpr std::size_t kStack = std::size_t{256} << 10;
#endif
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, kStack) == 0);
  pthread_t thread{};
  const auto start = std::chrono::steady_clock::now();
  const auto run = [](void* given) -> void* {
    (*static_cast<std::function<void()>*>(given))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &work) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
  return taken.count();
}

}  // namespace

TEST_CASE("a filter may have 64 KiB of text and not a byte more", "[filter][limit]") {
  const std::string text = "id == 1";
  const std::size_t most = query::filter::kMaxTextBytes;
  CHECK(Compiles(text + Times(most - 1 - text.size(), " ")));
  CHECK(Compiles(text + Times(most - text.size(), " ")));
  CHECK(ErrorOf(text + Times(most + 1 - text.size(), " ")) ==
        "the filter is longer than 65536 bytes");
}

TEST_CASE("a filter may have 16,384 words and signs and not one more", "[filter][limit]") {
  // A list of n members with a comma each takes 2 n + 4.
  const auto list = [](std::size_t n, std::string_view tail) {
    return "id in [" + Times(n, "1,") + "]" + std::string(tail);
  };
  const std::size_t most = query::filter::kMaxTokens;
  CHECK(Compiles("id in [" + Times((most - 4) / 2 - 1, "1,") + "1]"));  // most - 1
  CHECK(Compiles(list((most - 4) / 2, "")));                            // most
  CHECK_THAT(ErrorOf("id in [" + Times((most - 4) / 2, "1,") + "1]"),   // most + 1
             ContainsSubstring("more than 16384 words and signs"));
}

TEST_CASE("a filter may nest 128 levels and not one more", "[filter][limit]") {
  const auto parentheses = [](std::size_t n) { return Times(n, "(") + "id == 1" + Times(n, ")"); };
  CHECK(Compiles(parentheses(127)));
  CHECK(Compiles(parentheses(128)));
  CHECK(ErrorOf(parentheses(129)) ==
        "filter, position 129: '(' nests the filter deeper than 128 levels");
  const auto negations = [](std::size_t n) { return Times(n, "not ") + "(id == 1)"; };
  CHECK(Compiles(negations(126)));
  CHECK(Compiles(negations(127)));
  CHECK_THAT(ErrorOf(negations(128)), ContainsSubstring("deeper than 128 levels"));
  const auto both = [](std::size_t n) { return Times(n, "not (") + "id == 1" + Times(n, ")"); };
  CHECK(Compiles(both(64)));
  CHECK_THAT(ErrorOf(both(65)), ContainsSubstring("deeper than 128 levels"));
  // One pair of parentheses for two levels of the tree.
  const auto ladder = [](std::size_t n) {
    return Times(n, "id == 1 or id == 2 and (") + "id == 1" + Times(n, ")");
  };
  CHECK(Compiles(ladder(63)));
  CHECK_THAT(ErrorOf(ladder(64)), ContainsSubstring("deeper than 128 levels"));
  CHECK(Compiles("small == 1 or " + Times(126, "(") + "id in [-1]" + Times(126, ")")));
}

TEST_CASE("the printed form of a filter at the depth limit still compiles", "[filter][limit]") {
  for (const std::string& text :
       {Times(128, "(") + "id == -1" + Times(128, ")"), Times(127, "not ") + "(id == 1)",
        Times(63, "id == 1 or id == 2 and (") + "id == 1" + Times(63, ")"),
        Times(126, "! ") + "(id in [1])", Times(63, "not (id > 1 and ") + "id > 1" + Times(63, ")"),
        Times(125, "(id == 1 or id==3 and ") + "id != 4" + Times(125, ")")}) {
    const auto filter = query::Filter::Compile(text, ShelfSchema());
    if (!filter.ok()) continue;  // refused for its own depth
    const auto again = query::Filter::Compile((*filter)->ToString(), ShelfSchema());
    CAPTURE(text, again.status().ToString());
    REQUIRE(again.ok());
    CHECK(Matching(**again, *GrowingShelf()) == Matching(**filter, *GrowingShelf()));
  }
}

TEST_CASE("hostile filters are refused or answered at once on little stack", "[filter][limit]") {
  const auto segment = GrowingShelf();
  const std::size_t million = 1'000'000;
  const std::vector<std::string> texts = {
      Times(million, "("),
      Times(million, "not "),
      Times(60'000, "("),
      Times(8'000, "not "),
      Times(16'000, "!"),
      Times(16'000, "-") + "1 == id",
      "id == " + Times(60'000, "-") + "1",
      Times(60'000, ")"),
      Times(60'000, "["),
      "id == 1" + Times(100'000, " or id == 1"),
      "id==1" + Times(4'095, " or id==1"),
      "id==1" + Times(4'095, " and id==1"),
      "id==1" + Times(2'000, " and id==1 or id==2"),
      "id==1" + Times(8'000, "==1"),
      "id" + Times(8'000, "+id") + "==1",
      "id" + Times(8'000, "**id") + "==1",
      "1" + Times(4'000, "<id<1"),
      "id in [" + Times(8'000, "1,") + "]",
      "id" + Times(3'000, " in []"),
      "id" + Times(4'000, " is null"),
      "title == '" + Times(65'000, "a") + "'",
      "title == '" + Times(32'000, "\\n") + "'",
      "title == '" + Times(65'000, "\\"),
      "'" + Times(30'000, "'='"),
      Times(126, "not ") + "(id == 1)",
      Times(63, "id == 1 or id == 2 and (") + "id == 1" + Times(63, ")"),
      Times(128, "(") + "id == 1" + Times(128, ")"),
  };
  for (const std::string& text : texts) {
    CAPTURE(text.substr(0, 60), text.size());
    bool ran = false;
    double best = 1e9;  // the machine may be busy with other things
    for (int i = 0; i < 3; ++i) {
      best = std::min(best, MillisecondsOnSmallStack([&] {
                        const auto filter = query::Filter::Compile(text, segment->schema());
                        if (filter.ok()) Matching(**filter, *segment);
                        if (filter.ok()) ran = !(*filter)->ToString().empty();
                        if (!filter.ok())
                          ran = filter.status().code() == StatusCode::kInvalidArgument;
                      }));
    }
    CHECK(ran);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(best < 100);
#endif
  }
}
