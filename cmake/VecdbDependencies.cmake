# Every third-party library becomes one INTERFACE target vecdb::dep_<name>. Nothing else in the tree
# needs to know whether it came from Debian, vcpkg, Conan or a plain header directory. Those who link
# vecdb need none of them: what the library uses is compiled in.
find_package(Threads REQUIRED)

# A header-only library, compiled in and invisible to those who link vecdb.
function(vecdb_header_dependency name header)
  string(TOUPPER ${name} upper)
  find_path(VECDB_${upper}_INCLUDE_DIR ${header})
  if(VECDB_${upper}_INCLUDE_DIR)
    add_library(vecdb::dep_${name} INTERFACE IMPORTED GLOBAL)
    target_include_directories(vecdb::dep_${name} SYSTEM INTERFACE ${VECDB_${upper}_INCLUDE_DIR})
  endif()
endfunction()

# A library that only the programs use; without it they can do less, and say so.
function(vecdb_program_dependency name header library)
  string(TOUPPER ${name} upper)
  find_path(VECDB_${upper}_INCLUDE_DIR ${header})
  find_library(VECDB_${upper}_LIBRARY ${library})
  if(VECDB_${upper}_INCLUDE_DIR AND VECDB_${upper}_LIBRARY)
    add_library(vecdb::dep_${name} INTERFACE IMPORTED GLOBAL)
    target_include_directories(vecdb::dep_${name} SYSTEM INTERFACE ${VECDB_${upper}_INCLUDE_DIR})
    target_link_libraries(vecdb::dep_${name} INTERFACE ${VECDB_${upper}_LIBRARY})
  endif()
endfunction()

# fmt: header only, its implementation compiled in one place (src/base/format.cc).
vecdb_header_dependency(fmt fmt/format.h)
# xsimd: Debian's exported target asks for a library (xtl) that Debian does not have; the include
# directory is all that is needed.
vecdb_header_dependency(xsimd xsimd/xsimd.hpp)
# rapidjson: JSON values are checked by it in one place (src/chunk/json_text.cc).
vecdb_header_dependency(rapidjson rapidjson/reader.h)
foreach(_dep IN ITEMS fmt xsimd rapidjson)
  if(NOT TARGET vecdb::dep_${_dep})
    message(FATAL_ERROR
      "vecdb needs ${_dep}, which was not found (Debian: libfmt-dev libxsimd-dev rapidjson-dev)")
  endif()
endforeach()
if(VECDB_BUILD_CLI)
  vecdb_header_dependency(cli11 CLI/CLI.hpp)
  if(VECDB_WITH_LIBEDIT)
    vecdb_program_dependency(libedit histedit.h edit)
  endif()
endif()
if((VECDB_BUILD_CLI OR VECDB_BUILD_FUZZ) AND VECDB_WITH_ZLIB)
  vecdb_program_dependency(zlib zlib.h z)
endif()
if(VECDB_BUILD_BENCH)  # bench/insert.cc compares with an extension of it
  vecdb_program_dependency(sqlite3 sqlite3.h sqlite3)
endif()
# hnswlib: compiled into the library where that is asked for. Tests and benchmarks compare with it
# where it is there, but not under sanitizers: it reads beyond its lists to prefetch, and takes its
# locks in orders that a thread sanitizer reports.
if(VECDB_WITH_HNSWLIB OR VECDB_BUILD_BENCH
   OR (VECDB_BUILD_TESTS AND NOT VECDB_SANITIZE AND NOT VECDB_EDGE))
  if(NOT VECDB_HNSWLIB_INCLUDE_DIR)
    find_package(hnswlib CONFIG QUIET GLOBAL)
  endif()
  if(TARGET hnswlib::hnswlib)
    add_library(vecdb::dep_hnswlib INTERFACE IMPORTED GLOBAL)
    target_link_libraries(vecdb::dep_hnswlib INTERFACE hnswlib::hnswlib)
  else()
    vecdb_header_dependency(hnswlib hnswlib/hnswlib.h)
  endif()
endif()
if(VECDB_WITH_HNSWLIB AND NOT TARGET vecdb::dep_hnswlib)
  message(FATAL_ERROR
    "VECDB_WITH_HNSWLIB is ON but hnswlib was not found (Debian: libhnswlib-dev)")
endif()
# In a namespace of their own: an application may have another version of them, and a static library
# cannot hide its symbols.
target_compile_definitions(vecdb::dep_fmt INTERFACE
  "FMT_BEGIN_NAMESPACE=namespace fmt { inline namespace in_vecdb {" "FMT_END_NAMESPACE=} }")
target_compile_definitions(vecdb::dep_rapidjson INTERFACE
  "RAPIDJSON_NAMESPACE_BEGIN=namespace rapidjson { inline namespace in_vecdb {"
  "RAPIDJSON_NAMESPACE_END=} }")
if(VECDB_SANITIZE)  # its empty stack adds a size to a null pointer before it compares
  target_compile_options(vecdb::dep_rapidjson INTERFACE -fno-sanitize=pointer-overflow)
endif()

# Faiss: its config finds neither OpenMP nor BLAS, so they come first. Only the benchmarks ask.
if(VECDB_WITH_FAISS AND VECDB_BUILD_BENCH)
  find_package(OpenMP QUIET COMPONENTS CXX GLOBAL)
  if(OpenMP_CXX_FOUND)
    find_package(faiss CONFIG QUIET GLOBAL)
  endif()
  if(TARGET faiss)
    add_library(vecdb::dep_faiss INTERFACE IMPORTED GLOBAL)
    get_target_property(_faiss_libraries faiss INTERFACE_LINK_LIBRARIES)
    if(_faiss_libraries MATCHES "/libblas\\.so")  # Debian: the alternatives system would pick the BLAS
      set(BLA_VENDOR OpenBLAS)
      find_package(BLAS QUIET)
      if(NOT BLAS_FOUND)
        unset(BLA_VENDOR)
        find_package(BLAS REQUIRED)
        find_package(LAPACK REQUIRED)
      endif()
      get_target_property(_location faiss LOCATION)
      get_target_property(_include faiss INTERFACE_INCLUDE_DIRECTORIES)
      target_include_directories(vecdb::dep_faiss SYSTEM INTERFACE ${_include})
      target_link_libraries(vecdb::dep_faiss INTERFACE
        ${_location} ${LAPACK_LIBRARIES} ${BLAS_LIBRARIES} OpenMP::OpenMP_CXX)
    else()
      target_link_libraries(vecdb::dep_faiss INTERFACE faiss OpenMP::OpenMP_CXX)
    endif()
  else()
    message(WARNING "Faiss was not found: the benchmarks are built without the comparison")
  endif()
endif()

# zstd, for the program and the benchmarks: three spellings.
if(VECDB_WITH_ZSTD AND (VECDB_BUILD_CLI OR VECDB_BUILD_BENCH))
  find_package(zstd CONFIG QUIET GLOBAL)
  set(_zstd "")
  foreach(_target IN ITEMS zstd::libzstd zstd::libzstd_shared zstd::libzstd_static)
    if(NOT _zstd AND TARGET ${_target})
      set(_zstd ${_target})
    endif()
  endforeach()
  if(NOT _zstd)  # a cross build sees the header and the library, not the config
    find_library(VECDB_ZSTD_LIBRARY zstd)
    find_path(VECDB_ZSTD_INCLUDE_DIR zstd.h)
    if(NOT VECDB_ZSTD_LIBRARY OR NOT VECDB_ZSTD_INCLUDE_DIR)
      message(FATAL_ERROR "VECDB_WITH_ZSTD is ON but zstd was not found (Debian: libzstd-dev)")
    endif()
    set(_zstd ${VECDB_ZSTD_LIBRARY})
  endif()
  add_library(vecdb::dep_zstd INTERFACE IMPORTED GLOBAL)
  target_link_libraries(vecdb::dep_zstd INTERFACE ${_zstd})
endif()

foreach(_dep IN ITEMS fmt xsimd zstd cli11 rapidjson zlib libedit faiss hnswlib)
  if(TARGET vecdb::dep_${_dep})
    list(APPEND _vecdb_found ${_dep})
  endif()
endforeach()
list(JOIN _vecdb_found " " _vecdb_found)
message(STATUS "vecdb: with ${_vecdb_found}")
