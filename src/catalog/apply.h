// Apply() without the copy, for whoever builds a state edit by edit and drops it on failure.
#pragma once

#include "catalog/edit.h"
#include "catalog/state.h"

namespace vecdb::catalog {

// After a failure (kCorruption, naming the ids that contradict) `state` is half-changed and only
// fit to be thrown away.
Status ApplyInPlace(const Edit& edit, State* state);

}  // namespace vecdb::catalog
