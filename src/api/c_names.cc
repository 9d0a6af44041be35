// Names of numbers, and the proof that the numbers of the C API are those of the C++ one.
#include <cstring>
#include <string_view>

#include "vecdb/event.h"
#include "vecdb/index_spec.h"
#include "vecdb/options.h"
#include "vecdb/result.h"
#include "vecdb/types.h"
#include "vecdb/version.h"

#include "api/c_call.h"
#include "base/status.h"

namespace {

using vecdb::Consistency;
using vecdb::DataType;
using vecdb::Durability;
using vecdb::EventType;
using vecdb::GraphBuilder;
using vecdb::IndexState;
using vecdb::JobKind;
using vecdb::LoadMode;
using vecdb::LogLevel;
using vecdb::Metric;
using vecdb::StatusCode;

template <typename E>
constexpr bool Same(int number, E value) {
  return number == static_cast<int>(value);
}

static_assert(Same(VECDB_OK, StatusCode::kOk));
static_assert(Same(VECDB_INVALID_ARGUMENT, StatusCode::kInvalidArgument));
static_assert(Same(VECDB_NOT_FOUND, StatusCode::kNotFound));
static_assert(Same(VECDB_ALREADY_EXISTS, StatusCode::kAlreadyExists));
static_assert(Same(VECDB_FAILED_PRECONDITION, StatusCode::kFailedPrecondition));
static_assert(Same(VECDB_UNIMPLEMENTED, StatusCode::kUnimplemented));
static_assert(Same(VECDB_UNAVAILABLE, StatusCode::kUnavailable));
static_assert(Same(VECDB_RESOURCE_EXHAUSTED, StatusCode::kResourceExhausted));
static_assert(Same(VECDB_DEADLINE_EXCEEDED, StatusCode::kDeadlineExceeded));
static_assert(Same(VECDB_CANCELLED, StatusCode::kCancelled));
static_assert(Same(VECDB_IO_ERROR, StatusCode::kIoError));
static_assert(Same(VECDB_CORRUPTION, StatusCode::kCorruption));
static_assert(Same(VECDB_INTERNAL, StatusCode::kInternal));
static_assert(Same(VECDB_OUTCOME_UNKNOWN, StatusCode::kOutcomeUnknown));

static_assert(Same(VECDB_BOOL, DataType::kBool));
static_assert(Same(VECDB_INT8, DataType::kInt8));
static_assert(Same(VECDB_INT16, DataType::kInt16));
static_assert(Same(VECDB_INT32, DataType::kInt32));
static_assert(Same(VECDB_INT64, DataType::kInt64));
static_assert(Same(VECDB_FLOAT, DataType::kFloat));
static_assert(Same(VECDB_DOUBLE, DataType::kDouble));
static_assert(Same(VECDB_VARCHAR, DataType::kVarChar));
static_assert(Same(VECDB_ARRAY, DataType::kArray));
static_assert(Same(VECDB_JSON, DataType::kJson));
static_assert(Same(VECDB_BINARY_VECTOR, DataType::kBinaryVector));
static_assert(Same(VECDB_FLOAT_VECTOR, DataType::kFloatVector));
static_assert(Same(VECDB_FLOAT16_VECTOR, DataType::kFloat16Vector));
static_assert(Same(VECDB_BFLOAT16_VECTOR, DataType::kBFloat16Vector));
static_assert(Same(VECDB_SPARSE_FLOAT_VECTOR, DataType::kSparseFloatVector));
static_assert(Same(VECDB_INT8_VECTOR, DataType::kInt8Vector));

static_assert(Same(VECDB_L2, Metric::kL2));
static_assert(Same(VECDB_INNER_PRODUCT, Metric::kInnerProduct));
static_assert(Same(VECDB_COSINE, Metric::kCosine));
static_assert(Same(VECDB_HAMMING, Metric::kHamming));
static_assert(Same(VECDB_JACCARD, Metric::kJaccard));

static_assert(Same(VECDB_STRONG, Consistency::kStrong));
static_assert(Same(VECDB_SESSION, Consistency::kSession));
static_assert(Same(VECDB_BOUNDED, Consistency::kBounded));
static_assert(Same(VECDB_EVENTUAL, Consistency::kEventual));

static_assert(Same(VECDB_EVERY_WRITE, Durability::kEveryWrite));
static_assert(Same(VECDB_INTERVAL, Durability::kInterval));
static_assert(Same(VECDB_FLUSH_ONLY, Durability::kFlushOnly));
static_assert(Same(VECDB_MAPPED, LoadMode::kMapped));
static_assert(Same(VECDB_RESIDENT, LoadMode::kResident));
static_assert(Same(VECDB_BUILDER_VECDB, GraphBuilder::kVecdb));
static_assert(Same(VECDB_BUILDER_HNSWLIB, GraphBuilder::kHnswlib));
static_assert(Same(VECDB_LOG_DEBUG, LogLevel::kDebug));
static_assert(Same(VECDB_LOG_INFO, LogLevel::kInfo));
static_assert(Same(VECDB_LOG_WARNING, LogLevel::kWarning));
static_assert(Same(VECDB_LOG_ERROR, LogLevel::kError));

static_assert(Same(VECDB_JOB_FLUSH, JobKind::kFlush));
static_assert(Same(VECDB_JOB_COMPACTION, JobKind::kCompaction));
static_assert(Same(VECDB_JOB_INDEX, JobKind::kIndex));
static_assert(Same(VECDB_EVENT_SEALED, EventType::kSealed));
static_assert(Same(VECDB_EVENT_FLUSHED, EventType::kFlushed));
static_assert(Same(VECDB_EVENT_FAILED, EventType::kFailed));
static_assert(Same(VECDB_EVENT_COMPACTED, EventType::kCompacted));
static_assert(Same(VECDB_EVENT_INDEXED, EventType::kIndexed));
static_assert(Same(VECDB_INDEX_BUILDING, IndexState::kBuilding));
static_assert(Same(VECDB_INDEX_FINISHED, IndexState::kFinished));
static_assert(Same(VECDB_INDEX_FAILED, IndexState::kFailed));

constexpr const char* kUnknown = "unknown";

}  // namespace

const char* vecdb_version(void) {
  return VECDB_VERSION;
}

// The names are literals, which end with a NUL.
const char* vecdb_code_name(vecdb_code code) {
  return vecdb::base::NameOf(static_cast<StatusCode>(code)).data();
}

const char* vecdb_type_name(vecdb_type type) {
  if (type < 0 || type > 255) return kUnknown;
  return vecdb::ToString(static_cast<DataType>(type)).data();
}

const char* vecdb_metric_name(vecdb_metric metric) {
  if (metric < 0 || metric > 255) return kUnknown;
  return vecdb::ToString(static_cast<Metric>(metric)).data();
}

vecdb_text vecdb_text_of(const char* text) {
  if (text == nullptr) return {nullptr, 0};
  return {text, std::strlen(text)};
}

size_t vecdb_handle_count(void) {
  return vecdb::api::CountOpenHandles();
}
