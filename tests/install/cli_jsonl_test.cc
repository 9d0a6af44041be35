// Importing JSON lines: nothing that a line says is dropped, rounded or made up.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

using rapidjson::Document;

TEST_CASE("a NUL byte in a line is refused, not taken for its end", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string good = "{\"id\":1,\"v\":[1,2]}\n";
  const std::string bad = std::string("{\"id\":2,\"v\":[1,2]}") + '\0' +
                          "{\"id\":3,\"v\":[3,4]}\n{\"id\":4,\"v\":[3,4]}\n";
  shell.Must({"import", database, "rows", shell.Write("good", good), "--create"});
  const Ran ran = shell.Vecdb({"import", database, "rows", shell.Write("bad", bad)});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("line 1 offset 0: no JSON at character 19: a NUL byte"));
  CHECK(shell.Must({"count", database, "rows"}) == "1\n");
  const Ran guess = shell.Vecdb({"import", database, "new", shell.Path("bad"), "--create"});
  CHECK(guess.code == 1);
  CHECK_THAT(guess.error, ContainsSubstring("line 1 offset 0: no JSON at character 19"));
  const Ran query = shell.Vecdb({"search", database, "rows", "-"}, std::string("[1, 2]\0[", 8));
  CHECK(query.code == 1);
  CHECK_THAT(query.error, ContainsSubstring("standard input: no JSON at character 7: a NUL byte"));
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
