// Opens the directory: from what an earlier process left to a database that serves.
//
//   1 lock                     (a new directory is made whole first)
//   2 catalog                  FORMAT, CURRENT, MANIFEST
//   3 files                    every named file is opened and checked
//   4 replay                   the log from the checkpoint, into growing segments and tombstones
//   5 rewrite                  what was replayed goes into a new log; a new manifest names it
//   6 publish and sweep        growing segments to write into; orphans removed
//   7 serve                    the caller starts the timers
//
// Lines 1 to 4 write nothing, so a crash there costs nothing and may repeat; line 5 is the protocol
// of every log and manifest. The recovered tail is never appended to: what readers see after an
// open has been synced by that open, whatever the page cache held. A read-only open stops after
// line 4.
#pragma once

#include "roles/engine.h"

namespace vecdb::roles {

// Fills `parts`. A failure leaves the directory as it was (a half-made new one is finished or made
// again by the next open).
Status Recover(EngineParts& parts);

}  // namespace vecdb::roles
