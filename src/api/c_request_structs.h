// The structs of the C API that ask.
#pragma once

#include <cstddef>
#include <string_view>

#include "vecdb/c.h"
#include "vecdb/request.h"

#include "api/c_struct.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_search_request> {
  static constexpr std::string_view kName = "vecdb_search_request";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_search_request, read);
  static vecdb_search_request Defaults() {
    vecdb_search_request out = {};
    out.struct_size = sizeof(out);
    out.limit = SearchRequest().limit;
    const SearchEffort effort;
    out.recall = effort.recall;
    out.ef = effort.ef;
    out.refine_k = effort.refine_k;
    return out;
  }
};

template <>
struct CStruct<vecdb_query_request> {
  static constexpr std::string_view kName = "vecdb_query_request";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_query_request, read);
  static vecdb_query_request Defaults() {
    vecdb_query_request out = {};
    out.struct_size = sizeof(out);
    out.limit = QueryRequest().limit;
    return out;
  }
};

template <>
struct CStruct<vecdb_get_request> {
  static constexpr std::string_view kName = "vecdb_get_request";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_get_request, read);
  static vecdb_get_request Defaults() {
    vecdb_get_request out = {};
    out.struct_size = sizeof(out);
    return out;
  }
};

template <>
struct CStruct<vecdb_call_limits> {
  static constexpr std::string_view kName = "vecdb_call_limits";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_call_limits);
  static vecdb_call_limits Defaults() {
    vecdb_call_limits out = {};
    out.struct_size = sizeof(out);
    return out;
  }
};

template <>
struct CStruct<vecdb_read_options> {
  static constexpr std::string_view kName = "vecdb_read_options";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_read_options);
  static vecdb_read_options Defaults() {
    vecdb_read_options out = {};
    out.struct_size = sizeof(out);
    return out;
  }
};

template <>
struct CStruct<vecdb_iterate_request> {
  static constexpr std::string_view kName = "vecdb_iterate_request";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_iterate_request);
  static vecdb_iterate_request Defaults() {
    vecdb_iterate_request out = {};
    out.struct_size = sizeof(out);
    out.batch_size = IterateRequest().batch_size;
    return out;
  }
};

template <>
struct CStruct<vecdb_iterate_search_request> {
  static constexpr std::string_view kName = "vecdb_iterate_search_request";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_iterate_search_request);
  static vecdb_iterate_search_request Defaults() {
    vecdb_iterate_search_request out = {};
    out.struct_size = sizeof(out);
    const IterateSearchRequest request;
    out.batch_size = request.batch_size;
    out.recall = request.effort.recall;
    out.ef = request.effort.ef;
    out.refine_k = request.effort.refine_k;
    return out;
  }
};

}  // namespace vecdb::api
