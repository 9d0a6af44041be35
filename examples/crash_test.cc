// Takes the power away before every operation of a program on the disk: what the program was told
// is safe must be on every disk that may be left. Linked with vecdb::testing.
#include <cstdio>

#include <vecdb/testing.h>
#include <vecdb/vecdb.h>

using namespace vecdb;

// The program under test: writes three notes, and says how many of them are safe.
std::uint64_t WriteNotes(testing::FaultDisk& disk) {
  Result<Database> db = disk.Open();
  if (!db.ok()) return 0;
  Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 1, Metric::kL2).Build();
  Result<Collection> notes = db->CreateCollection("notes", schema);
  std::int64_t safe = 0;
  for (; notes.ok() && safe < 3; ++safe) {
    Batch note(schema);
    note.Add({{"id", safe}, {"v", std::vector<float>{1}}}).OrDie();
    if (!notes->Insert(note).ok()) break;
  }
  return static_cast<std::uint64_t>(safe);
}

int main() {
  std::size_t cuts = 0;
  for (std::uint64_t moment = 0;; ++moment) {
    testing::FaultDisk disk;
    disk.StopAt(moment);
    const std::uint64_t safe = WriteNotes(disk);
    if (!disk.stopped()) break;
    for (std::size_t i = 0; i < disk.CountPowerCuts(); ++i, ++cuts) {
      testing::FaultDisk left = disk.PowerCut(i);
      Database db = *left.Open();
      Result<Collection> notes = db.OpenCollection("notes");
      if ((notes.ok() ? *notes->Count() : 0) >= safe) continue;
      std::printf("lost before operation %llu:\n%s\n", static_cast<unsigned long long>(moment),
                  disk.ExplainPowerCut(i).c_str());
      return 1;
    }
  }
  std::printf("%zu power cuts, nothing lost\n", cuts);
}
