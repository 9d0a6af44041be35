# VECDB_SOURCE_DIR: a checkout to build instead of the released sources.
if(DEFINED ENV{VECDB_SOURCE_DIR})
  set(SOURCE_PATH "$ENV{VECDB_SOURCE_DIR}")
else()
  message(FATAL_ERROR "set the environment variable VECDB_SOURCE_DIR to a checkout of vecdb")
endif()
string(COMPARE EQUAL "${VCPKG_LIBRARY_LINKAGE}" "dynamic" VECDB_BUILD_SHARED)
vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
  FEATURES tools VECDB_BUILD_CLI hnswlib VECDB_WITH_HNSWLIB)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    ${FEATURE_OPTIONS}
    -DVECDB_BUILD_SHARED=${VECDB_BUILD_SHARED}
    -DVECDB_BUILD_TESTS=OFF
    -DVECDB_BUILD_EXAMPLES=OFF
    -DVECDB_INSTALL=ON)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/vecdb)
vcpkg_fixup_pkgconfig()
if("tools" IN_LIST FEATURES)
  vcpkg_copy_tools(TOOL_NAMES vecdb AUTO_CLEAN)
endif()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share"
  "${CURRENT_PACKAGES_DIR}/share/bash-completion" "${CURRENT_PACKAGES_DIR}/share/doc"
  "${CURRENT_PACKAGES_DIR}/share/man")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE" "${SOURCE_PATH}/THIRD_PARTY_NOTICES.md")
