// How much a thread's work matters to the system.
#pragma once

namespace vecdb::io {

// The calling thread gets the processor when others do not want it. Where the system does not let
// threads differ, nothing changes.
void LowerThreadPriority();

}  // namespace vecdb::io
