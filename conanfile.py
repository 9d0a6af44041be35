"""The Conan 2 recipe: `conan create .` packs the library; -o "vecdb/*:shared=True" the shared one."""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.0.9"


class VecdbConan(ConanFile):
    name = "vecdb"
    description = "Embeddable vector database"
    license = "Apache-2.0"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "with_hnswlib": [True, False]}
    default_options = {"shared": False, "fPIC": True, "with_hnswlib": False}
    implements = ["auto_shared_fpic"]
    exports = "include/vecdb/version.h"
    exports_sources = ("CMakeLists.txt", "cmake/*", "include/*", "src/*", "LICENSE",
                       "THIRD_PARTY_NOTICES.md")
    test_package_folder = "packaging/conan/test_package"

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "vecdb", "version.h"))
        self.version = re.search(r'define VECDB_VERSION "(.+)"', header)[1]

    def layout(self):
        cmake_layout(self)

    def requirements(self):  # compiled in: those who use the package need none
        self.requires("fmt/[>=9 <13]", visible=False, options={"header_only": True})
        self.requires("rapidjson/[>=1.1.0 <2]", visible=False)
        self.requires("xsimd/[>=8 <15]", visible=False)
        if self.options.with_hnswlib:  # Conan Center has none
            self.requires("hnswlib/[>=0.6.2 <1]", visible=False)

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update(self._cmake_options())
        toolchain.generate()
        CMakeDeps(self).generate()

    def _cmake_options(self):
        return {"VECDB_BUILD_SHARED": bool(self.options.shared), "VECDB_BUILD_TESTS": False,
                "VECDB_BUILD_CLI": False, "VECDB_BUILD_EXAMPLES": False, "VECDB_INSTALL": True,
                "VECDB_WITH_HNSWLIB": bool(self.options.with_hnswlib)}

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        for name in ("LICENSE", "THIRD_PARTY_NOTICES.md"):
            copy(self, name, self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        for folder in ("cmake", "pkgconfig"):  # Conan writes its own
            rmdir(self, os.path.join(self.package_folder, "lib", folder))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.libs = ["vecdb"]
        self.cpp_info.set_property("cmake_file_name", "vecdb")
        self.cpp_info.set_property("cmake_target_name", "vecdb::vecdb")
        self.cpp_info.set_property("pkg_config_name", "vecdb")
        if not self.options.shared:
            self.cpp_info.system_libs = ["pthread", "m"]
