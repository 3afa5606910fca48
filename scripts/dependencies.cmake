# What we stand on (Debian 12 packages only) and how every target of ours is compiled.
# Third-party headers come in as SYSTEM, so that our warnings, all of them errors, speak of our code only.

option(KUBE_IPVS_STATIC "Link everything but libc statically, as the released binary is" OFF)
if(KUBE_IPVS_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(OPENSSL_USE_STATIC_LIBS ON)
  add_link_options(-static-libstdc++ -static-libgcc -Wl,--gc-sections)
endif()

set(CMAKE_FIND_PACKAGE_PREFER_CONFIG ON)
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(nl REQUIRED IMPORTED_TARGET libnl-3.0 libnl-genl-3.0 libnl-route-3.0)

set(KUBE_IPVS_SANITIZE "" CACHE STRING "Sanitizers of the build, as -fsanitize= takes them")

# How our own code is compiled. Linked PRIVATE by every target of ours.
add_library(kube_ipvs_warnings INTERFACE)
target_compile_options(kube_ipvs_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror
  -Wno-missing-field-initializers)  # a designated initialiser names what differs; the rest is default

if(KUBE_IPVS_SANITIZE)
  add_compile_options(-fsanitize=${KUBE_IPVS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KUBE_IPVS_SANITIZE})
  # g++ takes the coroutine frame's own operator delete for a mismatch once sanitizers have inlined it.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
                      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# The same bytes from any folder.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

# The shipped binary: hardened as Debian hardens its own.
add_compile_options(
  "$<$<CONFIG:Release>:-fstack-protector-strong;-fstack-clash-protection;-fPIE>"
  "$<$<CONFIG:Release>:$<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>>"
  "$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
add_link_options("$<$<CONFIG:Release>:-pie;-Wl,-z,relro;-Wl,-z,now;-Wl,-z,noexecstack>")
# 585 KB of relocations, which every process reads when it starts, become 8. glibc 2.36 knows the form, and
# is what the program needs anyway; Debian 12's linker writes it for this processor alone.
add_link_options(
  "$<$<CONFIG:Release>:$<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-Wl,-z,pack-relative-relocs>>")
