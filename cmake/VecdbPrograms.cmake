# Programs: the command line, the examples, the benchmarks.
include_guard()

function(vecdb_program_properties target)
  target_link_libraries(${target} PRIVATE vecdb_settings)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(VECDB_SANITIZE)
    target_link_options(${target} PRIVATE -fsanitize=${VECDB_SANITIZE})
  endif()
endfunction()

# The readers and writers of files, and the words for people: everything of the command line that the
# fuzz targets link, too.
function(vecdb_add_cli_formats)
  if(TARGET vecdb_cli_formats)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cli/formats/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/cli/text.cc)
  add_library(vecdb_cli_formats STATIC EXCLUDE_FROM_ALL ${sources})
  vecdb_program_properties(vecdb_cli_formats)
  target_include_directories(vecdb_cli_formats PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/cli)
  target_link_libraries(vecdb_cli_formats PUBLIC vecdb::dep_rapidjson)
  if(TARGET vecdb::dep_zstd)  # .zst files
    target_link_libraries(vecdb_cli_formats PUBLIC vecdb::dep_zstd)
  endif()
  if(TARGET vecdb::dep_zlib)  # deflated entries of .npz files
    target_link_libraries(vecdb_cli_formats PUBLIC vecdb::dep_zlib)
    target_compile_definitions(vecdb_cli_formats PUBLIC VECDB_CLI_ZLIB=1)
  endif()
endfunction()

function(vecdb_add_cli)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cli/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/cli/shell/*.cc)
  list(FILTER sources EXCLUDE REGEX "/cli/text\\.cc$")
  if(NOT TARGET vecdb::dep_cli11)
    message(FATAL_ERROR "VECDB_BUILD_CLI is ON but CLI11 was not found (Debian: libcli11-dev)")
  endif()
  vecdb_add_cli_formats()
  add_executable(vecdb_cli ${sources})
  set_target_properties(vecdb_cli PROPERTIES OUTPUT_NAME vecdb)
  target_include_directories(vecdb_cli PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/cli)
  vecdb_program_properties(vecdb_cli)
  target_link_libraries(vecdb_cli PRIVATE vecdb_cli_formats vecdb::vecdb vecdb::dep_cli11)
  if(TARGET vecdb::dep_libedit)  # editing and history in the shell
    target_link_libraries(vecdb_cli PRIVATE vecdb::dep_libedit)
    target_compile_definitions(vecdb_cli PRIVATE VECDB_CLI_LIBEDIT=1)
  endif()
endfunction()

# Examples see what an application sees: include/ and nothing else. Those about tests are linked as
# an application's tests are.
function(vecdb_add_examples)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.c)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    set(library vecdb::vecdb)
    file(STRINGS ${source} is_test REGEX "include <vecdb/testing.h>")
    if(is_test)
      set(library vecdb::testing)
      if(NOT TARGET vecdb::testing)
        continue()
      endif()
    endif()
    add_executable(example_${name} ${source})
    target_link_libraries(example_${name} PRIVATE ${library})
    set_target_properties(example_${name} PROPERTIES CXX_EXTENSIONS OFF LINKER_LANGUAGE CXX
      C_STANDARD 99 C_EXTENSIONS OFF)
    target_compile_options(example_${name} PRIVATE -Wall -Wextra -Wpedantic
      $<$<BOOL:${VECDB_WARNINGS_AS_ERRORS}>:-Werror>)
    if(VECDB_SANITIZE)
      target_compile_options(example_${name} PRIVATE -fsanitize=${VECDB_SANITIZE})
    endif()
  endforeach()
endfunction()

function(vecdb_add_bench)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bench/*.cc)
  file(GLOB support CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bench/support/*.cc)
  set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/bench/support/hnswlib_peer.cc PROPERTIES
    COMPILE_OPTIONS "-O3;-march=native;-w")  # at its best, and its warnings are not ours
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(bench_${name} ${source} ${support})
    vecdb_program_properties(bench_${name})
    target_include_directories(bench_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(bench_${name} PRIVATE vecdb::vecdb)
    foreach(dependency IN ITEMS faiss hnswlib zstd sqlite3)
      if(TARGET vecdb::dep_${dependency})
        string(TOUPPER ${dependency} upper)
        target_link_libraries(bench_${name} PRIVATE vecdb::dep_${dependency})
        target_compile_definitions(bench_${name} PRIVATE VECDB_BENCH_${upper}=1)
      endif()
    endforeach()
  endforeach()
endfunction()
