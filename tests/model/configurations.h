// The databases whose random lives are watched.
#pragma once

#include <vector>

#include "model_run.h"

namespace vecdb::test {

std::vector<RunConfig> Configurations();

}  // namespace vecdb::test
