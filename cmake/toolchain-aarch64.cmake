# Builds for 64-bit ARM on another machine with Debian's cross compiler; programs run under qemu.
# Headers that are the same everywhere (fmt, xsimd, Catch2) come from /usr/include.
#   cmake --preset edge -B build/aarch64 --toolchain cmake/toolchain-aarch64.cmake -DVECDB_WITH_ZSTD=OFF
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64-static;-L;/usr/aarch64-linux-gnu")
