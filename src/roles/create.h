// The first line of opening: the lock, and a new database where there is none yet.
#pragma once

#include "roles/engine.h"

namespace vecdb::roles {

// Takes the lock. True when the directory held no database and now holds a new one, ready to serve;
// false when there is one to recover. See catalog/manifest.h: FORMAT is written last, so a
// directory without it never acknowledged anything and is made again.
Result<bool> LockOrCreate(EngineParts& parts);

// The log writer of a channel, from this log number and lsn on.
void MakeWriter(EngineParts& parts, Channel& channel, std::uint64_t log_number, Lsn next_lsn);

// Those who read; before any collection.
void MakeQueryNodes(EngineParts& parts);

// Everything above manifest and log.
void MakeNodes(EngineParts& parts);

}  // namespace vecdb::roles
