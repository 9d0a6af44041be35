#include <vecdb/vecdb.h>

int main() {
  vecdb::Result<vecdb::Database> database = vecdb::Database::OpenInMemory();
  return database.ok() && database->Close().ok() && !vecdb::LibraryVersion().empty() ? 0 : 1;
}
