// What an import leaves beside the database while it runs, so that another can go on where it was
// stopped: docs/adr/0030.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vecdb/status.h"

namespace vecdb::cli {

// Tells a file from what it was: cheap, and never equal by accident.
struct FileIdentity {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t hash = 0;  // of its first and last 64 KiB
};
bool operator==(const FileIdentity& a, const FileIdentity& b);
// Nothing for what is no regular file: it cannot be read again.
std::optional<FileIdentity> IdentityOf(const std::string& path);

struct ImportTicket {
  FileIdentity identity;
  bool upsert = false;
  std::uint64_t skip = 0;       // rows of the file that were not wanted
  std::uint64_t base_rows = 0;  // of the collection before the first row
  std::uint64_t done = 0;       // rows known to be durable; only upserts keep it up to date
  std::string file;
};

// "<database>.<collection>.import"
std::string TicketPath(const std::string& database, const std::string& collection);
// Replaces it as a whole: after a crash the old one or this one is there, never a part.
Status SaveTicket(const std::string& path, const ImportTicket& ticket);
Result<std::optional<ImportTicket>> LoadTicket(const std::string& path);
void RemoveTicket(const std::string& path);

}  // namespace vecdb::cli
