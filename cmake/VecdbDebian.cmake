# Debian packages from the components: `cpack -G DEB` in the build folder of preset `debian` makes
# libvecdb0 (runtime), libvecdb-dev (dev) and vecdb-tools (tools).
if(NOT VECDB_BUILD_SHARED OR NOT TARGET vecdb_cli)
  message(FATAL_ERROR "VECDB_DEBIAN packs a shared library and the program: use the preset `debian`")
endif()
set(_debian ${CMAKE_CURRENT_SOURCE_DIR}/packaging/debian)
set(_packed ${CMAKE_CURRENT_BINARY_DIR}/debian)
file(MAKE_DIRECTORY ${_packed})

# Packed here: Debian wants no time and no name within (gzip -n).
function(vecdb_pack source name)
  execute_process(COMMAND gzip -9nc ${source} OUTPUT_FILE ${_packed}/${name}.gz
    COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
endfunction()
vecdb_pack(${_debian}/changelog changelog.Debian)
vecdb_pack(${CMAKE_CURRENT_SOURCE_DIR}/doc/vecdb.1 vecdb.1)
install(FILES ${_packed}/vecdb.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
foreach(_pair IN ITEMS runtime:libvecdb0 dev:libvecdb-dev tools:vecdb-tools)
  string(REPLACE ":" ";" _pair ${_pair})
  list(GET _pair 0 _component)
  list(GET _pair 1 _package)
  string(TOUPPER ${_component} _upper)
  set(CPACK_DEBIAN_${_upper}_PACKAGE_NAME ${_package})
  install(FILES ${_debian}/copyright ${_packed}/changelog.Debian.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${_package} COMPONENT ${_component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime dev tools)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS  # whatever the mask of whoever builds
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
file(STRINGS ${_debian}/changelog CPACK_PACKAGE_CONTACT REGEX "^ -- ")
list(GET CPACK_PACKAGE_CONTACT 0 CPACK_PACKAGE_CONTACT)
string(REGEX REPLACE "^ -- (.*>).*" "\\1" CPACK_PACKAGE_CONTACT "${CPACK_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_VENDOR vecdb)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE vecdb)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR})
# While 0.x, a program needs the very version that it was made with.
file(WRITE ${_packed}/shlibs
  "libvecdb 0 libvecdb0 (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})\n")
file(WRITE ${_packed}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${_packed}/shlibs ${_packed}/triggers)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(_same "libvecdb0 (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${_same}")
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${_same}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each has its own, the first line
set(_what "vecdb keeps rows of scalars and vectors, finds the rows nearest to a
vector under a filter, and remembers what it acknowledged. It lives inside
of the process that uses it: there is no server.")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "vector database inside of a process - shared library
${_what}
.
This package has the shared library.")
set(CPACK_COMPONENT_DEV_DESCRIPTION "vector database inside of a process - development files
${_what}
.
This package has the headers, and files for CMake and pkg-config.")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "vector database in a directory - command line
${_what}
.
This package has the program vecdb, which imports, searches, shows and checks
databases.")
include(CPack)
