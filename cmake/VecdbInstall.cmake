# Components: runtime (the shared library), dev (headers, a static library, CMake and pkg-config
# files, licences), tools (the program and its manual). `cmake --install` takes all; --component one.
include(CMakePackageConfigHelpers)
install(TARGETS vecdb EXPORT vecdbTargets
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET vecdb_testkit)
  install(TARGETS vecdb_testkit EXPORT vecdbTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
install(DIRECTORY include/vecdb DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
  FILES_MATCHING PATTERN "*.h")

set(_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vecdb)
install(EXPORT vecdbTargets NAMESPACE vecdb:: DESTINATION ${_config_dir} COMPONENT dev)
configure_package_config_file(cmake/vecdbConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/vecdbConfig.cmake INSTALL_DESTINATION ${_config_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/vecdbConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)  # while 0.x, a minor version may break the ABI
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/vecdbConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/vecdbConfigVersion.cmake DESTINATION ${_config_dir} COMPONENT dev)

# A prefix computed from the file's own place survives `cmake --install --prefix` and a move.
if(VECDB_BUILD_SHARED)
  set(VECDB_PC_LIBS_PRIVATE "")
else()
  set(VECDB_PC_LIBS_PRIVATE "-lstdc++ -lm -pthread")
endif()
cmake_path(SET _pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH VECDB_PC_PREFIX_REL /p/${_pkgconfig_dir} /p)
configure_file(cmake/vecdb.pc.in ${CMAKE_CURRENT_BINARY_DIR}/vecdb.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/vecdb.pc DESTINATION ${_pkgconfig_dir} COMPONENT dev)

if(TARGET vecdb_cli)
  install(TARGETS vecdb_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  install(FILES doc/vecdb.bash-completion RENAME vecdb COMPONENT tools
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
if(NOT VECDB_DEBIAN)  # which has them packed, and licences in a form of its own
  if(TARGET vecdb_cli)
    install(FILES doc/vecdb.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
  endif()
  install(FILES LICENSE THIRD_PARTY_NOTICES.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dev)
endif()
