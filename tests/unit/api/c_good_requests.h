// Requests to a collection of the sample that go well.
#pragma once

#include <array>

#include "unit/api/c_sample.h"

namespace vecdb::test {

inline const float kNear[2] = {1, 1};

inline vecdb_search_request Searching() {
  vecdb_search_request request;
  vecdb_search_request_init(&request, sizeof request);
  request.query = vecdb_value_floats(kNear, 2);
  return request;
}

inline vecdb_query_request Querying() {
  vecdb_query_request request;
  vecdb_query_request_init(&request, sizeof request);
  return request;
}

inline vecdb_get_request Getting() {
  static const std::array<vecdb_key, 1> keys = {vecdb_key_int64(1)};
  vecdb_get_request request;
  vecdb_get_request_init(&request, sizeof request);
  request.keys = keys.data();
  request.key_count = keys.size();
  return request;
}

inline vecdb_iterate_request Iterating() {
  vecdb_iterate_request request;
  vecdb_iterate_request_init(&request, sizeof request);
  return request;
}

inline vecdb_iterate_search_request IteratingSearch() {
  vecdb_iterate_search_request request;
  vecdb_iterate_search_request_init(&request, sizeof request);
  request.query = vecdb_value_floats(kNear, 2);
  return request;
}

}  // namespace vecdb::test
