// The test kit's, where tests look for it.
#pragma once

#include "testkit/fault_file_system.h"

namespace vecdb::test {
using namespace testkit;
}
