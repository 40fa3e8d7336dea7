# Compiler flags for every target (interface target `options`) and the warnings (`warnings`).
add_library(options INTERFACE)
target_include_directories(options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(options INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_options(options INTERFACE -fno-omit-frame-pointer -fstack-protector-strong)

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
target_link_options(options INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(SIGNPOST_SANITIZE)
  target_compile_options(options INTERFACE -fsanitize=${SIGNPOST_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(options INTERFACE -fsanitize=${SIGNPOST_SANITIZE})
  if(SIGNPOST_SANITIZE MATCHES "undefined")
    # Its runtime asks the kernel through a pipe whether an object can be read, and takes the lack
    # of a descriptor, which some tests bring about, for a "no".
    target_compile_options(options INTERFACE -fno-sanitize=vptr)
  endif()
endif()
if(SIGNPOST_FUZZ)
  target_compile_options(options INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Wimplicit-fallthrough -Wswitch-enum)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees dangling and overlapping copies inside std::string that are not there
  # (GCC bugs 105329 and 105651), at -O2 and with sanitizers.
  target_compile_options(warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # base/mutex.h. What is deprecated, g++ says: clang also counts what libstdc++ 12 itself uses
  # (get_temporary_buffer in std::stable_sort).
  target_compile_options(warnings INTERFACE -Wthread-safety -Wthread-safety-beta -Wno-deprecated-declarations)
endif()
if(SIGNPOST_WERROR)
  target_compile_options(warnings INTERFACE -Werror)
endif()
