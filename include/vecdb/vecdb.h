// vecdb: a vector database inside your process. This file is the table of contents; read the
// headers in this order.
#pragma once

// clang-format off
#include "vecdb/status.h"      // how calls fail
#include "vecdb/types.h"       // keys, values, metrics
#include "vecdb/schema.h"      // what rows look like
#include "vecdb/batch.h"       // rows going in
#include "vecdb/index_spec.h"  // which index, and how hard to look
#include "vecdb/request.h"     // questions
#include "vecdb/result.h"      // answers
#include "vecdb/event.h"       // what happens behind the calls
#include "vecdb/snapshot.h"    // one moment, read for longer
#include "vecdb/options.h"     // knobs
#include "vecdb/stats.h"       // what a database says about itself
#include "vecdb/collection.h"  // write, read
#include "vecdb/database.h"    // open, create, close
#include "vecdb/check.h"       // verify what is on disk
#include "vecdb/trace.h"       // the life of one row
#include "vecdb/version.h"     // which vecdb this is
// clang-format on
