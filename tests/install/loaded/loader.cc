// Loads a plugin and the shared library below it, uses it, unloads both, again and again.
//
//   loader PLUGIN LIBRARY ROUNDS
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>

namespace {

bool IsLoaded(const char* path) {
  void* handle = ::dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

// The first thing that went wrong, or null.
const char* Round(const char* plugin, const char* library) {
  void* handle = ::dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return ::dlerror();
  auto* use = reinterpret_cast<int (*)()>(::dlsym(handle, "UseVecdb"));
  if (use == nullptr || use() != 0) return "a database could not be used";
  if (!IsLoaded(library)) return "the library is not the one that the plugin uses";
  if (::dlclose(handle) != 0) return ::dlerror();
  if (IsLoaded(library)) return "the library stayed: something of it is still in use";
  return nullptr;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 64;
  const int rounds = std::atoi(arguments[3]);
  for (int round = 0; round < rounds; ++round) {
    if (const char* problem = Round(arguments[1], arguments[2])) {
      std::printf("round %d: %s\n", round, problem);
      return 1;
    }
  }
  std::printf("FIG process.loads=%d\n", rounds);
  return rounds > 0 ? 0 : 1;
}
