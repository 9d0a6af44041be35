// Loads a plugin and the shared library below it, uses it, unloads both, again and again.
//
//   loader PLUGIN LIBRARY ROUNDS
//
// It is C++, so that the C++ library is there before the plugin: loaded with it, that library would
// take functions of its own from the plugin, and keep it for ever.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <dlfcn.h>

namespace {

bool IsLoaded(const std::string& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

// The first thing that went wrong, or nothing.
std::string Round(const std::string& plugin, const std::string& library) {
  void* handle = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return ::dlerror();
  auto* use = reinterpret_cast<int (*)()>(::dlsym(handle, "UseVecdb"));
  if (use == nullptr || use() != 0) return "a database could not be used";
  if (!IsLoaded(library)) return "the library is not the one that the plugin uses";
  if (::dlclose(handle) != 0) return ::dlerror();
  if (IsLoaded(library)) return "the library stayed: something of it is still in use";
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 64;
  const int rounds = std::atoi(arguments[3]);
  for (int round = 0; round < rounds; ++round) {
    if (const std::string problem = Round(arguments[1], arguments[2]); !problem.empty()) {
      std::printf("round %d: %s\n", round, problem.c_str());
      return 1;
    }
  }
  std::printf("FIG process.loads=%d\n", rounds);
  return rounds > 0 ? 0 : 1;
}
