# Cross-builds for arm64 with Debian's compiler. KUBE_IPVS_SYSROOT holds the unpacked development packages; scripts/image
# fetches them. The C library's own headers come with the compiler.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++-12)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
# Where Debian has the headers that differ by architecture: opensslconf.h. And headers name themselves in the program (Boost's
# errors): as on the target, not by who builds.
set(CMAKE_CXX_FLAGS_INIT "-idirafter ${KUBE_IPVS_SYSROOT}/usr/include/aarch64-linux-gnu -ffile-prefix-map=${KUBE_IPVS_SYSROOT}=")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KUBE_IPVS_SYSROOT)
set(CMAKE_FIND_ROOT_PATH ${KUBE_IPVS_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${KUBE_IPVS_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${KUBE_IPVS_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig)
