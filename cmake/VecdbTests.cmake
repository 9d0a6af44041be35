# Tests. tests/unit/<folder>/*_test.cc -> test_<folder>, linked with that folder and the floors below;
# tests/{walks,crash,model,golden,recall,install}/*_test.cc -> test_<name>, linked with all of them. ctest
# runs each program as a whole. Labels: unit, walks, crash, model, golden, recall, install, house, example,
# fuzz.
if(CMAKE_CROSSCOMPILING)  # the library of Catch2 is this machine's: its headers and a main of ours
  find_path(VECDB_CATCH2_INCLUDE_DIR catch2/catch.hpp REQUIRED)
  add_library(Catch2::Catch2 INTERFACE IMPORTED)
  target_include_directories(Catch2::Catch2 SYSTEM INTERFACE ${VECDB_CATCH2_INCLUDE_DIR})
  add_library(vecdb_catch_main STATIC EXCLUDE_FROM_ALL
    ${CMAKE_CURRENT_SOURCE_DIR}/tests/cross/catch_main.cc)
  target_link_libraries(vecdb_catch_main PUBLIC Catch2::Catch2)
  add_library(Catch2::Catch2WithMain ALIAS vecdb_catch_main)
else()
  find_package(Catch2 REQUIRED)  # 2.13 or 3: tests include support/catch.h
endif()
find_package(Python3 COMPONENTS Interpreter REQUIRED)

file(GLOB_RECURSE _support CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/support/*.cc
     ${CMAKE_CURRENT_SOURCE_DIR}/src/testkit/*.cc)
function(vecdb_test_settings target)
  vecdb_program_properties(${target})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE
    VECDB_TESTING=1 VECDB_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
endfunction()

include(VecdbPrograms)
if(_support)  # an archive: a test of a low floor takes only the members it names
  add_library(vecdb_test_support STATIC EXCLUDE_FROM_ALL ${_support})
  vecdb_test_settings(vecdb_test_support)
  target_link_libraries(vecdb_test_support PRIVATE Catch2::Catch2)
endif()

function(vecdb_add_test name libraries)
  add_executable(test_${name} ${ARGN})
  vecdb_test_settings(test_${name})
  if(TARGET vecdb_test_support)
    target_link_libraries(test_${name} PRIVATE vecdb_test_support)
  endif()
  target_link_libraries(test_${name} PRIVATE ${libraries} Catch2::Catch2WithMain)
endfunction()

foreach(_folder IN LISTS VECDB_FOLDERS)
  file(GLOB_RECURSE _sources CONFIGURE_DEPENDS
       ${CMAKE_CURRENT_SOURCE_DIR}/tests/unit/${_folder}/*_test.cc)
  if(NOT _sources)
    continue()
  endif()
  vecdb_add_test(${_folder} vecdb_testing_${_folder} ${_sources})
  if(_folder STREQUAL "simd")  # its tests try every level; what was chosen, once per name of a level
    foreach(_level IN ITEMS scalar sse2 avx2 avx512 icl)
      add_test(NAME simd_${_level} COMMAND test_simd [levels])
      set_tests_properties(simd_${_level} PROPERTIES
        LABELS unit TIMEOUT 60 ENVIRONMENT VECDB_SIMD=${_level})
    endforeach()
    add_test(NAME simd COMMAND test_simd)
    set_tests_properties(simd PROPERTIES LABELS unit TIMEOUT 600)
  else()
    if(_folder STREQUAL "query")  # what depends on the kernels of a level
      foreach(_level IN ITEMS scalar sse2 avx2 avx512)
        add_test(NAME query_near_${_level} COMMAND test_query [near])
        set_tests_properties(query_near_${_level} PROPERTIES
          LABELS unit TIMEOUT 600 ENVIRONMENT VECDB_SIMD=${_level})
      endforeach()
    endif()
    add_test(NAME ${_folder} COMMAND test_${_folder})
    set_tests_properties(${_folder} PROPERTIES LABELS unit TIMEOUT 600)
  endif()
endforeach()

foreach(_kind IN ITEMS walks crash model golden recall install)
  file(GLOB _tools CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/${_kind}/tools/*.cc)
  set(_tool_targets "")
  foreach(_tool IN LISTS _tools)  # plain programs the tests start, e.g. the child that is killed
    get_filename_component(_name ${_tool} NAME_WE)
    add_executable(${_kind}_${_name} ${_tool})
    vecdb_test_settings(${_kind}_${_name})
    if(TARGET vecdb_test_support)
      target_link_libraries(${_kind}_${_name} PRIVATE vecdb_test_support)
    endif()
    target_link_libraries(${_kind}_${_name} PRIVATE vecdb_testing)
    list(APPEND _tool_targets ${_kind}_${_name})
  endforeach()
  file(GLOB _sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/${_kind}/*_test.cc)
  file(GLOB _helpers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/${_kind}/*.cc)
  if(NOT _sources)
    continue()
  endif()
  vecdb_add_test(${_kind} vecdb_testing ${_helpers})
  target_compile_definitions(test_${_kind} PRIVATE VECDB_TEST_BIN_DIR="${CMAKE_CURRENT_BINARY_DIR}")
  if(_kind MATCHES "^(walks|recall)$")  # limits hold in imported files, too; real vectors are read
    vecdb_add_cli_formats()
    target_link_libraries(test_${_kind} PRIVATE vecdb_cli_formats)
  endif()
  if(_kind STREQUAL "install" AND TARGET vecdb_cli)  # its tests run the program
    list(APPEND _tool_targets vecdb_cli)
    target_compile_definitions(test_install PRIVATE VECDB_TEST_CLI="$<TARGET_FILE:vecdb_cli>")
    target_link_libraries(test_install PRIVATE vecdb::dep_rapidjson util)  # forkpty
    if(TARGET vecdb::dep_zlib)
      target_compile_definitions(test_install PRIVATE VECDB_TEST_ZLIB=1)
      target_link_libraries(test_install PRIVATE vecdb::dep_zlib)
    endif()
    if(TARGET vecdb::dep_libedit)
      target_compile_definitions(test_install PRIVATE VECDB_TEST_LIBEDIT=1)
    endif()
    if(TARGET vecdb::dep_zstd)
      target_link_libraries(test_install PRIVATE vecdb::dep_zstd)
    endif()
  endif()
  if(_tool_targets)
    add_dependencies(test_${_kind} ${_tool_targets})
  endif()
  set(_parts "")
  if(_kind STREQUAL "crash")  # minutes: its tests run beside each other
    set(_parts fault crashsim kill9 flip)
  elseif(_kind STREQUAL "walks")  # minutes under the sanitizers
    set(_parts index)
  endif()
  foreach(_part IN LISTS _parts)
    add_test(NAME ${_kind}_${_part} COMMAND test_${_kind} [${_part}] --warn NoTests)
    set_tests_properties(${_kind}_${_part} PROPERTIES LABELS ${_kind} TIMEOUT 1800 COST 100)
  endforeach()
  set(_rest "")
  foreach(_part IN LISTS _parts)
    string(APPEND _rest "~[${_part}]")
  endforeach()
  if(_parts)
    add_test(NAME ${_kind}_rest COMMAND test_${_kind} ${_rest})
    set_tests_properties(${_kind}_rest PROPERTIES LABELS ${_kind} TIMEOUT 1800 COST 75)
  else()
    add_test(NAME ${_kind} COMMAND test_${_kind})
    set_tests_properties(${_kind} PROPERTIES LABELS ${_kind} TIMEOUT 1800 COST 50)
  endif()
endforeach()

# The house: floors, lengths, and every public header alone.
add_test(NAME floors COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/tools/check_floors.py ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME lengths COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/tools/check_lengths.py ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME figures_tool COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/tests/house/check_figures_test.py)
add_test(NAME checklist COMMAND Python3::Interpreter
  ${CMAKE_CURRENT_SOURCE_DIR}/tests/house/checklist.py ${CMAKE_CURRENT_SOURCE_DIR})
set_tests_properties(floors lengths figures_tool checklist PROPERTIES LABELS house TIMEOUT 60)
if(NOT VECDB_SANITIZE)  # seeded faults, one after the other: is each caught?
  add_test(NAME canaries COMMAND Python3::Interpreter
    ${CMAKE_CURRENT_SOURCE_DIR}/tests/house/canaries.py ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(canaries PROPERTIES LABELS house TIMEOUT 1800 COST 200)
endif()
if(NOT VECDB_BUILD_SHARED AND NOT VECDB_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_test(NAME library COMMAND Python3::Interpreter
    ${CMAKE_CURRENT_SOURCE_DIR}/tests/house/check_library.py $<TARGET_FILE:vecdb>
    ${CMAKE_CURRENT_SOURCE_DIR}/docs/EMBEDDING.md)
  set_tests_properties(library PROPERTIES LABELS house TIMEOUT 60)
endif()
# g++ may drop prefetches. Other compilers keep them; other builds inline other functions, or have no
# code in their objects.
if(CMAKE_OBJDUMP AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT VECDB_SANITIZE AND NOT VECDB_ENABLE_LTO
    AND CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo)$"
    AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|aarch64|arm64)$")
  add_test(NAME prefetches COMMAND Python3::Interpreter
    ${CMAKE_CURRENT_SOURCE_DIR}/tests/house/check_prefetches.py ${CMAKE_OBJDUMP}
    "$<FILTER:$<TARGET_OBJECTS:vecdb_index>,INCLUDE,/(graph_index|graph_builder|calibrate|reachability)[.]cc>"
    COMMAND_EXPAND_LISTS)
  set_tests_properties(prefetches PROPERTIES LABELS house TIMEOUT 60)
else()
  message(STATUS "vecdb: no test whether prefetches are kept: only for release builds by g++, with objdump")
endif()
# Wider instructions stay where they are asked for: by the symbols, and on a processor without them.
if(VECDB_X86 AND NOT VECDB_SANITIZE)
  add_test(NAME isa_symbols COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/tools/check_isa_symbols.sh
    $<TARGET_OBJECTS:vecdb_simd> COMMAND_EXPAND_LISTS)
  set(_programs "")
  if(VECDB_BUILD_EXAMPLES)
    set(_programs $<TARGET_FILE:readme_program>)
  endif()
  add_test(NAME old_cpu COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/tests/house/old_cpu.sh
    $<TARGET_FILE:test_simd> ${_programs})
  set_tests_properties(isa_symbols old_cpu PROPERTIES LABELS house TIMEOUT 120)
  set_tests_properties(old_cpu PROPERTIES SKIP_RETURN_CODE 77)
endif()
# A shared library beside the static one, from objects that are there anyway. It may be unloaded, unlike
# the one that is installed (docs/EMBEDDING.md).
if(NOT VECDB_BUILD_SHARED AND TARGET vecdb_api)
  add_library(vecdb_exports SHARED)
  set(_variant "")
  set(_undefined defs)
  if(VECDB_SANITIZE)  # whose tests have built the other variant
    set(_variant testing_)
    set(_undefined undefs)
  endif()
  foreach(_folder IN LISTS VECDB_FOLDERS)
    target_sources(vecdb_exports PRIVATE $<TARGET_OBJECTS:vecdb_${_variant}${_folder}>)
  endforeach()
  target_include_directories(vecdb_exports INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)
  target_compile_features(vecdb_exports INTERFACE cxx_std_20)
  target_link_libraries(vecdb_exports PRIVATE Threads::Threads)
  set_target_properties(vecdb_exports PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME vecdb
    VERSION ${PROJECT_VERSION} SOVERSION 0 LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/shared)
  target_link_options(vecdb_exports PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections ${VECDB_FOLD}
    -Wl,-z,${_undefined} -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/cmake/vecdb.map)
  if(VECDB_SANITIZE)
    target_link_options(vecdb_exports PUBLIC -fsanitize=${VECDB_SANITIZE})
  endif()

  # Loaded and unloaded a thousand times: nothing of it stays, nothing leaks.
  add_library(loaded_plugin MODULE ${CMAKE_CURRENT_SOURCE_DIR}/tests/install/loaded/plugin.cc)
  vecdb_program_properties(loaded_plugin)
  target_link_libraries(loaded_plugin PRIVATE vecdb_exports)
  # Templates of std:: that it exported would be unique in the process, and keep it loaded for ever.
  target_link_options(loaded_plugin PRIVATE
    -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/tests/install/loaded/plugin.map)
  add_executable(loader ${CMAKE_CURRENT_SOURCE_DIR}/tests/install/loaded/loader.cc)
  vecdb_program_properties(loader)
  target_link_libraries(loader PRIVATE ${CMAKE_DL_LIBS})
  add_test(NAME loaded COMMAND
    loader $<TARGET_FILE:loaded_plugin> $<TARGET_FILE:vecdb_exports> 1000)
  set_tests_properties(loaded PROPERTIES LABELS walks TIMEOUT 120)

  # Beside an application's own versions of third-party libraries.
  foreach(_kind IN ITEMS static shared)
    if(VECDB_SANITIZE AND _kind STREQUAL "static")
      continue()
    endif()
    file(GLOB _sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/install/clash/*.cc)
    add_executable(clash_${_kind} ${_sources})
    target_include_directories(clash_${_kind} SYSTEM PRIVATE
      $<TARGET_PROPERTY:vecdb::dep_fmt,INTERFACE_INCLUDE_DIRECTORIES>)
    target_link_libraries(clash_${_kind} PRIVATE
      $<IF:$<STREQUAL:${_kind},static>,vecdb::vecdb,vecdb_exports>)
    set_target_properties(clash_${_kind} PROPERTIES CXX_EXTENSIONS OFF)
    add_test(NAME clash_${_kind} COMMAND clash_${_kind})
    set_tests_properties(clash_${_kind} PROPERTIES LABELS install TIMEOUT 60)
  endforeach()
endif()
# What it exports depends on the compiler's choice of what to inline, so the list is for one build.
set(_symbols ${CMAKE_CURRENT_SOURCE_DIR}/tests/install/symbols.txt)
if(TARGET vecdb_exports AND EXISTS ${_symbols} AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND VECDB_X86
   AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT VECDB_SANITIZE)
  if(VECDB_INSTALL)  # into the prefix of one test: a C program is linked with what is installed
    install(TARGETS vecdb_exports LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
      COMPONENT shared_test EXCLUDE_FROM_ALL)
    add_test(NAME install_c COMMAND
      ${CMAKE_CURRENT_SOURCE_DIR}/tests/install/check_c.sh ${CMAKE_CURRENT_BINARY_DIR})
    set_tests_properties(install_c PROPERTIES LABELS install TIMEOUT 120)
  endif()
  add_test(NAME symbols COMMAND Python3::Interpreter
    ${CMAKE_CURRENT_SOURCE_DIR}/tools/check_symbols.py $<TARGET_FILE:vecdb_exports> ${_symbols})
  set_tests_properties(symbols PROPERTIES LABELS house TIMEOUT 60)
endif()
if(TARGET vecdb_exports AND VECDB_EDGE AND CMAKE_BUILD_TYPE STREQUAL "MinSizeRel")
  add_test(NAME edge_size COMMAND sh -c
    "strip -o \"$2\" \"$1\" && echo $3 edge.stripped_bytes=$(stat -c %s \"$2\")"
    sh $<TARGET_FILE:vecdb_exports> ${CMAKE_CURRENT_BINARY_DIR}/edge-stripped.so FIG)
  set_tests_properties(edge_size PROPERTIES LABELS install TIMEOUT 60)
endif()
if(VECDB_INSTALL AND NOT VECDB_SANITIZE AND TARGET vecdb_api)
  add_test(NAME install_consumer COMMAND
    ${CMAKE_CURRENT_SOURCE_DIR}/tests/install/check_install.sh ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(install_consumer PROPERTIES LABELS install TIMEOUT 300)
endif()

# The reference: something public without a comment fails.
add_test(NAME doxygen COMMAND sh -c "command -v doxygen > /dev/null || \
  { echo 'SKIPPED: doxygen is not here: nobody has looked for public names without a comment'; exit 77; }; \
  mkdir -p \"$1\" && { cat docs/Doxyfile; echo \"OUTPUT_DIRECTORY = $1\"; } | doxygen -" sh
  ${CMAKE_CURRENT_BINARY_DIR}/reference)
set_tests_properties(doxygen PROPERTIES LABELS house TIMEOUT 60 SKIP_RETURN_CODE 77
  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})

# Every page of docs/using is followed. Those that build the library with other flags, and the Debian
# packages, take minutes without a compiler cache: label package. A tool that is missing skips a page.
set(_install ${CMAKE_CURRENT_SOURCE_DIR}/tests/install)
if(VECDB_INSTALL AND NOT VECDB_SANITIZE AND NOT VECDB_EDGE AND TARGET vecdb_api)
  file(GLOB _pages CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/docs/using/*.md)
  list(FILTER _pages EXCLUDE REGEX "README")
  foreach(_page IN LISTS _pages)
    get_filename_component(_name ${_page} NAME_WE)
    set(_script run_page.py)
    set(_label install)
    if(_name MATCHES "^(debian|add-subdirectory|fetchcontent)$")
      set(_label package)
    endif()
    if(_name STREQUAL "debian")
      set(_script check_debian.py)
    endif()
    string(REPLACE "-" "_" _test using_${_name})
    add_test(NAME ${_test} COMMAND Python3::Interpreter ${_install}/${_script} ${_page}
      ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/pages/${_name})
    set_tests_properties(${_test} PROPERTIES LABELS ${_label} TIMEOUT 600 SKIP_RETURN_CODE 77)
  endforeach()
  # One after the other, so that the second finds in the cache what the first has compiled.
  set_tests_properties(using_add_subdirectory using_fetchcontent PROPERTIES RESOURCE_LOCK compiler)
  add_test(NAME recipes COMMAND Python3::Interpreter ${_install}/check_recipes.py
    ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/recipes
    -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}
    "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=${CMAKE_CXX_FLAGS_RELWITHDEBINFO}"
    -DVECDB_WARNINGS_AS_ERRORS=${VECDB_WARNINGS_AS_ERRORS})
  set_tests_properties(recipes PROPERTIES LABELS package TIMEOUT 600)
endif()

file(GLOB _headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/vecdb/*.h)
set(_header_units "")
foreach(_header IN LISTS _headers)  # twice in one unit: it includes what it needs, and guards itself
  get_filename_component(_name ${_header} NAME_WE)
  set(_unit ${CMAKE_CURRENT_BINARY_DIR}/headers/${_name}.cc)
  file(CONFIGURE OUTPUT ${_unit}
    CONTENT "#include \"vecdb/${_name}.h\"\n#include \"vecdb/${_name}.h\"  // NOLINT\n")
  list(APPEND _header_units ${_unit})
endforeach()
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include/vecdb/c.h)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/headers/c_as_c99.c
    CONTENT "#include \"vecdb/c.h\"\n#include \"vecdb/c.h\"\nint vecdb_c99_unit;\n")
  list(APPEND _header_units ${CMAKE_CURRENT_BINARY_DIR}/headers/c_as_c99.c)
  foreach(_part IN ITEMS collections indexes jobs limits read watch)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/headers/c_${_part}_as_c99.c
      CONTENT "#include \"vecdb/c_${_part}.h\"\nint vecdb_c99_${_part}_unit;\n")
    list(APPEND _header_units ${CMAKE_CURRENT_BINARY_DIR}/headers/c_${_part}_as_c99.c)
  endforeach()
endif()
add_library(vecdb_headers OBJECT ${_header_units})
target_include_directories(vecdb_headers PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include)
target_compile_features(vecdb_headers PRIVATE cxx_std_20)
target_compile_options(vecdb_headers PRIVATE -Wall -Wextra -Wpedantic -Werror)
set_target_properties(vecdb_headers PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF CXX_EXTENSIONS OFF)

# Each example runs, in a fresh folder.
if(VECDB_BUILD_EXAMPLES)
  file(GLOB _examples CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.c)
  foreach(_example IN LISTS _examples)
    get_filename_component(_name ${_example} NAME_WE)
    if(NOT TARGET example_${_name})
      continue()
    endif()
    set(_arguments "")
    if(_name STREQUAL "search_files")  # any folder of text will do
      set(_arguments ${CMAKE_CURRENT_SOURCE_DIR}/include)
    endif()
    set(_folder ${CMAKE_CURRENT_BINARY_DIR}/example-runs/${_name})
    add_test(NAME example_${_name} COMMAND
      sh -c "rm -rf \"$1\" && mkdir -p \"$1\" && cd \"$1\" && shift && exec \"$@\" < /dev/null"
      sh ${_folder} $<TARGET_FILE:example_${_name}> ${_arguments})
    set_tests_properties(example_${_name} PROPERTIES LABELS example TIMEOUT 120)
  endforeach()
endif()

# The program in README.md (its first block of C++) is compiled as it stands, and runs.
if(VECDB_BUILD_EXAMPLES)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_SOURCE_DIR}/README.md)
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/README.md _readme)
  if(NOT _readme MATCHES "\n```cpp\n([^`]+)```")
    message(FATAL_ERROR "README.md shows no program")
  endif()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/readme/readme.cc
    CONTENT "${CMAKE_MATCH_1}" @ONLY)
  add_executable(readme_program ${CMAKE_CURRENT_BINARY_DIR}/readme/readme.cc)
  target_link_libraries(readme_program PRIVATE vecdb::vecdb)
  target_compile_options(readme_program PRIVATE -Wall -Wextra -Wpedantic -Werror)
  add_test(NAME readme COMMAND
    sh -c "rm -rf library.vecdb && \"$1\" | grep -x 'book 1 at 0.914'" sh $<TARGET_FILE:readme_program>)
  set_tests_properties(readme PROPERTIES LABELS house TIMEOUT 60
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/readme)
endif()

# Fuzz targets: tests/fuzz/<name>_fuzz.cc with its seeds in tests/fuzz/corpus/<name>/. The test replays
# the seeds and goes on from them for 5 seconds; `fuzz_<name> -max_total_time=60 DIR` looks for more.
if(VECDB_BUILD_FUZZ)
  file(GLOB _sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
  vecdb_add_cli_formats()
  foreach(_source IN LISTS _sources)
    get_filename_component(_name ${_source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" _name ${_name})
    add_executable(fuzz_${_name} ${_source})
    vecdb_test_settings(fuzz_${_name})
    if(TARGET vecdb_test_support)
      target_link_libraries(fuzz_${_name} PRIVATE vecdb_test_support)
    endif()
    if(_name MATCHES "^import_")  # the readers of the command line
      target_link_libraries(fuzz_${_name} PRIVATE vecdb_cli_formats)
    endif()
    target_link_libraries(fuzz_${_name} PRIVATE vecdb_testing)
    target_link_options(fuzz_${_name} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/fuzz-found/${_name})
    add_test(NAME fuzz_${_name} COMMAND fuzz_${_name} -max_total_time=5 -rss_limit_mb=1024 -timeout=10
      ${CMAKE_CURRENT_BINARY_DIR}/fuzz-found/${_name} ${CMAKE_CURRENT_SOURCE_DIR}/tests/fuzz/corpus/${_name})
    set_tests_properties(fuzz_${_name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endforeach()
endif()
