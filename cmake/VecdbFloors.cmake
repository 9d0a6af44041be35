# The house as targets. Each folder of src/ becomes
#   vecdb_<folder>           an object library, part of vecdb::vecdb
#   vecdb_testing_<folder>   a static library with VECDB_TESTING=1 (seeded faults and kill points are
#                            alive), linked with the folders on the floors below; only tests use it.
# Sources are found by name, so a new file needs no edit here. A folder without sources is skipped.
set(VECDB_FLOOR_1 simd)
set(VECDB_FLOOR_2 base)
set(VECDB_FLOOR_3 io)
set(VECDB_FLOOR_4 chunk)
set(VECDB_FLOOR_5 wal index catalog)
set(VECDB_FLOOR_6 segment)
set(VECDB_FLOOR_7 query compaction)
set(VECDB_FLOOR_8 roles)
set(VECDB_FLOOR_9 api)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(VECDB_X86 ON)
else()
  set(VECDB_X86 OFF)
endif()

# What every translation unit of the project is compiled with.
add_library(vecdb_settings INTERFACE)
target_compile_features(vecdb_settings INTERFACE cxx_std_20)
target_include_directories(vecdb_settings INTERFACE
  ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_link_libraries(vecdb_settings INTERFACE vecdb::dep_fmt Threads::Threads)
target_compile_definitions(vecdb_settings INTERFACE
  $<$<TARGET_EXISTS:vecdb::dep_zstd>:VECDB_HAVE_ZSTD=1>
  $<$<NOT:$<BOOL:${VECDB_WITH_AVX512}>>:VECDB_NO_AVX512=1>
  $<$<BOOL:${VECDB_EDGE}>:VECDB_EDGE=1>)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(vecdb_settings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Werror=switch>
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
    $<$<BOOL:${VECDB_WARNINGS_AS_ERRORS}>:-Werror>
    -ffunction-sections -fdata-sections
    # The same sources give the same bytes, wherever and whenever they are built.
    -Wdate-time -Werror=date-time -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=)
endif()
if(VECDB_SANITIZE)
  target_compile_options(vecdb_settings INTERFACE
    -fsanitize=${VECDB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
endif()

# Instruction sets are chosen by file name; the table of kernels is chosen at run time.
set(_avx2 -mavx2 -mfma -mf16c -mpopcnt -mbmi -mbmi2)
set(_avx512 ${_avx2} -mavx512f -mavx512cd -mavx512vl -mavx512dq -mavx512bw)
set(_sse42 -msse4.2 -mpclmul)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # g++ 12's own AVX-512 headers read values they never set
  list(APPEND _avx512 -Wno-uninitialized -Wno-maybe-uninitialized)
endif()
set(_icl ${_avx512} -mavx512vnni -mavx512vpopcntdq -mavx512bitalg)
function(vecdb_set_isa_flags out)
  set(kept "")
  foreach(source IN LISTS ARGN)
    set(flags "")
    set(x86 OFF)
    if(source MATCHES "_sse2\\.cc$")
      set(x86 ON)
    elseif(source MATCHES "_sse42\\.cc$")
      set(x86 ON)
      set(flags ${_sse42})
    elseif(source MATCHES "_avx2\\.cc$")
      set(x86 ON)
      set(flags ${_avx2})
    elseif(source MATCHES "_avx512\\.cc$")
      set(x86 ON)
      set(flags ${_avx512})
    elseif(source MATCHES "_icl\\.cc$")
      set(x86 ON)
      set(flags ${_icl})
    endif()
    if(x86 AND NOT VECDB_X86)
      continue()
    endif()
    if(source MATCHES "_(avx512|icl)\\.cc$" AND NOT VECDB_WITH_AVX512)
      continue()
    endif()
    if(x86)  # never merged with baseline code: an old processor would meet new instructions
      set_source_files_properties(${source} PROPERTIES
        COMPILE_OPTIONS "${flags}" INTERPROCEDURAL_OPTIMIZATION OFF)
    endif()
    list(APPEND kept ${source})
  endforeach()
  set(${out} ${kept} PARENT_SCOPE)
endfunction()

function(vecdb_common_properties target)
  target_link_libraries(${target} PRIVATE vecdb_settings)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# hnswlib's builder: in the library where that is asked for, in what tests link where it is there.
set(_hnswlib_builder ${CMAKE_CURRENT_SOURCE_DIR}/src/index/hnswlib_builder.cc)
function(vecdb_add_hnswlib target)
  if(TARGET vecdb::dep_hnswlib AND (VECDB_WITH_HNSWLIB OR target MATCHES "testing"))
    target_sources(${target} PRIVATE ${_hnswlib_builder})
    target_link_libraries(${target} PRIVATE vecdb::dep_hnswlib)
    target_compile_definitions(${target} PUBLIC VECDB_HAVE_HNSWLIB=1)
  endif()
endfunction()

set(VECDB_OBJECTS "")
set(VECDB_FOLDERS "")
foreach(_floor RANGE 1 9)
  set(_below ${VECDB_FOLDERS})
  foreach(_folder IN LISTS VECDB_FLOOR_${_floor})
    file(GLOB_RECURSE _sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${_folder}/*.cc)
    if(NOT _sources)
      continue()
    endif()
    list(REMOVE_ITEM _sources ${_hnswlib_builder})
    vecdb_set_isa_flags(_sources ${_sources})
    add_library(vecdb_${_folder} OBJECT ${_sources})
    set(_variants vecdb_${_folder})
    if(VECDB_BUILD_TESTS OR VECDB_BUILD_FUZZ)
      add_library(vecdb_testing_${_folder} STATIC EXCLUDE_FROM_ALL ${_sources})
      target_compile_definitions(vecdb_testing_${_folder} PUBLIC VECDB_TESTING=1)
      foreach(_lower IN LISTS _below)
        target_link_libraries(vecdb_testing_${_folder} PUBLIC vecdb_testing_${_lower})
      endforeach()
      list(APPEND _variants vecdb_testing_${_folder})
    endif()
    foreach(_variant IN LISTS _variants)
      vecdb_common_properties(${_variant})
      if(_folder STREQUAL "simd")
        target_link_libraries(${_variant} PRIVATE vecdb::dep_xsimd)
        target_compile_definitions(${_variant} PRIVATE $<$<BOOL:${VECDB_X86}>:VECDB_DISPATCH_X86=1>)
      elseif(_folder STREQUAL "chunk")
        target_link_libraries(${_variant} PRIVATE vecdb::dep_rapidjson)
      elseif(_folder STREQUAL "index")
        vecdb_add_hnswlib(${_variant})
      endif()
    endforeach()
    list(APPEND VECDB_OBJECTS $<TARGET_OBJECTS:vecdb_${_folder}>)
    list(APPEND VECDB_FOLDERS ${_folder})
  endforeach()
endforeach()

# The library itself.
if(VECDB_BUILD_SHARED)
  add_library(vecdb SHARED)
else()
  add_library(vecdb STATIC)
endif()
add_library(vecdb::vecdb ALIAS vecdb)
target_sources(vecdb PRIVATE ${VECDB_OBJECTS})
target_compile_features(vecdb PUBLIC cxx_std_20)
target_include_directories(vecdb PUBLIC
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(vecdb PROPERTIES
  LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION 0 POSITION_INDEPENDENT_CODE ON)
# Functions that became the same bytes are kept once, and strings that end others with them (-O2), where
# the linker can: a small build is a sixteenth smaller for it.
set(VECDB_FOLD "")
if(VECDB_EDGE AND VECDB_X86 AND NOT VECDB_SANITIZE)
  include(CheckLinkerFlag)
  set(_fold -fuse-ld=gold -Wl,--icf=safe -Wl,-O2)
  check_linker_flag(CXX "${_fold}" VECDB_CAN_FOLD)
  if(VECDB_CAN_FOLD)
    set(VECDB_FOLD ${_fold})
  endif()
endif()
target_link_libraries(vecdb PRIVATE Threads::Threads)
if(VECDB_BUILD_SHARED AND UNIX AND NOT APPLE)
  set(_undefined defs)
  if(VECDB_SANITIZE)  # whose runtime lives in the program
    set(_undefined undefs)
  endif()
  target_link_options(vecdb PRIVATE
    -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,-z,nodelete  # docs/EMBEDDING.md
    ${VECDB_FOLD}
    -Wl,-z,${_undefined}
    -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/cmake/vecdb.map)
  set_property(TARGET vecdb APPEND PROPERTY LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/vecdb.map)
endif()
if(VECDB_SANITIZE)
  target_link_options(vecdb PUBLIC $<BUILD_INTERFACE:-fsanitize=${VECDB_SANITIZE}>)
  if(VECDB_BUILD_TESTS OR VECDB_BUILD_FUZZ)  # the tests have libraries of their own
    foreach(_folder IN LISTS VECDB_FOLDERS)
      set_target_properties(vecdb_${_folder} PROPERTIES EXCLUDE_FROM_ALL ON)
    endforeach()
    set_target_properties(vecdb PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endif()
if(VECDB_ENABLE_LTO AND VECDB_BUILD_SHARED)  # LTO objects in a static library bind its users to one compiler
  include(CheckIPOSupported)
  check_ipo_supported(RESULT _ipo OUTPUT _ipo_output LANGUAGES CXX)
  if(_ipo)
    foreach(_folder IN LISTS VECDB_FOLDERS)
      if(NOT _folder STREQUAL "simd")
        set_property(TARGET vecdb_${_folder} PROPERTY INTERPROCEDURAL_OPTIMIZATION ON)
      endif()
    endforeach()
    set_property(TARGET vecdb PROPERTY INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endif()

# The kit for tests of applications: beside the library, never in it. It needs what a shared library
# hides, so it comes with the static one.
if(NOT VECDB_BUILD_SHARED)
  file(GLOB _sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/testkit/*.cc)
  add_library(vecdb_testkit_objects OBJECT ${_sources})
  vecdb_common_properties(vecdb_testkit_objects)
  add_library(vecdb_testkit STATIC $<TARGET_OBJECTS:vecdb_testkit_objects>)
  add_library(vecdb::testing ALIAS vecdb_testkit)
  target_link_libraries(vecdb_testkit PUBLIC vecdb)
  set_target_properties(vecdb_testkit PROPERTIES
    OUTPUT_NAME vecdb_testing EXPORT_NAME testing LINKER_LANGUAGE CXX)
  if(NOT PROJECT_IS_TOP_LEVEL OR VECDB_SANITIZE)
    set_target_properties(vecdb_testkit vecdb_testkit_objects PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endif()

# All of the testing variant, for tests that stand above the folders.
if(VECDB_BUILD_TESTS OR VECDB_BUILD_FUZZ)
  add_library(vecdb_testing INTERFACE)
  foreach(_folder IN LISTS VECDB_FOLDERS)
    target_link_libraries(vecdb_testing INTERFACE vecdb_testing_${_folder})
  endforeach()
endif()
