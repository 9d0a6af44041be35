// What another version of fmt, and of Faiss, would bring into the program.
#include <cstddef>
#include <string>

#include <fmt/core.h>

FMT_BEGIN_NAMESPACE
std::string vformat(string_view, format_args) {
  return "the application's own";
}
FMT_END_NAMESPACE

namespace faiss {
float fvec_L2sqr(const float* /*x*/, const float* /*y*/, std::size_t /*d*/);
float fvec_L2sqr(const float* /*x*/, const float* /*y*/, std::size_t /*d*/) {
  return 42;
}
}  // namespace faiss
