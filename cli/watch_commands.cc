#include "watch_commands.h"

#include "command_options.h"

namespace vecdb::cli {

void WatchCommands::AddTo(const Maker& command, const Session& session, bool in_shell) {
  CLI::App* s =
      command("segments", "Show segments: their rows, their state, their size", "shop.db books",
              [this, &session] { return RunSegments(session, segments_); });
  AddPlace(s, &segments_.database, nullptr);
  s->add_option("COLLECTION", segments_.collection, "Only those of this one");
  s->add_flag("--json", segments_.json, "One JSON object instead of a table");

  CLI::App* c = command("channels", "Show the log: how far it goes, and which shards need it",
                        "shop.db", [this, &session] { return RunChannels(session, channels_); });
  AddPlace(c, &channels_.database, nullptr);
  c->add_flag("--json", channels_.json, "One JSON object instead of text");

  CLI::App* j = command("jobs", "Show what a database does in the background, and did last",
                        "shop.db", [this, &session] { return RunJobs(session, jobs_); });
  AddPlace(j, &jobs_.database, nullptr);
  j->add_flag("--json", jobs_.json, "One JSON object instead of a table");

  CLI::App* t = command("top", "Show sizes and counters of the whole database", "shop.db --json",
                        [this, &session] { return RunTop(session, top_); });
  AddPlace(t, &top_.database, nullptr);
  AddNumber(t, "--rounds", &top_.rounds,
            "Pictures, a second apart (default: in a shell on a terminal until Ctrl-C, else one)",
            {1, 1'000'000});
  t->add_flag("--json", top_.json, "One JSON object a picture instead of tables");

  if (in_shell) return;
  CLI::App* r = command("trace", "Tell the life of one row: log, segments, deletes",
                        "shop.db books 17", [this, &session] { return RunTrace(session, trace_); });
  AddPlace(r, &trace_.database, &trace_.collection);
  r->add_option("KEY", trace_.key, "Its key; write -- before one that begins with -")->required();
  r->add_flag("--json", trace_.json, "One JSON object instead of text");

  CLI::App* i = command("inspect", "Say what one file of a database directory holds",
                        "shop.db/CURRENT", [this] { return RunInspect(inspect_file_); });
  i->add_option("FILE", inspect_file_, "FORMAT, CURRENT, MANIFEST-*, *.wal, *.col, *.key, *.del")
      ->required();
}

}  // namespace vecdb::cli
