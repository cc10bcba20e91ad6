# The dependencies as static libraries with hidden symbols, from pinned source archives. Nothing of them
# lies in this repository; their licences go into the wheel with them.

include(PinnedArchive)
include(PartsList)
include(Pins)

include(CheckCSourceCompiles)
check_c_source_compiles("#ifndef __x86_64__
#error another processor
#endif
int main(void) { return 0; }" ESSENCE_X86_64)

# What is compiled of others is compiled quietly, in sections of which the linker takes what is used.
function(_be_bundled name)
    cmake_parse_arguments(arg "" "" "SOURCES;INCLUDES;DEFINITIONS" ${ARGN})
    add_library(essence_${name} STATIC ${arg_SOURCES})
    target_include_directories(essence_${name} SYSTEM PUBLIC ${arg_INCLUDES})
    target_compile_definitions(essence_${name} PRIVATE ${arg_DEFINITIONS})
    target_compile_options(essence_${name} PRIVATE -w -ffp-contract=off -ffunction-sections -fdata-sections)
    if(ESSENCE_SANITIZE)
        target_compile_options(essence_${name} PRIVATE -fsanitize=${ESSENCE_SANITIZE})
    endif()
endfunction()

# The resampler alone. Four sums at a time, as in the distributions' builds for x86.
set(SIZE16 int16_t)
set(SIZE32 int32_t)
set(USIZE16 uint16_t)
set(USIZE32 uint32_t)
set(INCLUDE_STDINT "#include <stdint.h>")
set(_be_speex_include "${CMAKE_CURRENT_BINARY_DIR}/speexdsp-include")
configure_file("${speexdsp_SOURCE_DIR}/include/speex/speexdsp_config_types.h.in"
               "${_be_speex_include}/speexdsp_config_types.h" @ONLY)
_be_bundled(speexdsp
    SOURCES "${speexdsp_SOURCE_DIR}/libspeexdsp/resample.c"
    INCLUDES "${speexdsp_SOURCE_DIR}/include" "${_be_speex_include}"
    DEFINITIONS FLOATING_POINT EXPORT= $<$<BOOL:${ESSENCE_X86_64}>:USE_SSE USE_SSE2>)

_be_bundled(cjson SOURCES "${cjson_SOURCE_DIR}/cJSON.c" INCLUDES "${cjson_SOURCE_DIR}"
    DEFINITIONS CJSON_HIDE_SYMBOLS)
_be_bundled(zlib SOURCES "${zlib_SOURCE_DIR}/crc32.c" "${zlib_SOURCE_DIR}/zutil.c"
    INCLUDES "${zlib_SOURCE_DIR}" DEFINITIONS HAVE_UNISTD_H)

# All of libsodium is compiled, in plain C, because its files lean on each other; the linker takes what signs and
# verifies by Ed25519, 65 kB. CVE-2025-69277 is in crypto_core_ed25519_is_valid_point, which it leaves out.
set(_be_sodium "${libsodium_SOURCE_DIR}/src/libsodium")
check_c_source_compiles("unsigned __int128 wide; int main(void) { return 0; }" ESSENCE_INT128)
file(GLOB_RECURSE _be_sodium_sources "${_be_sodium}/*.c")
list(FILTER _be_sodium_sources EXCLUDE REGEX "/version[.]c$") # its header is made by libsodium's own configure
_be_bundled(sodium SOURCES ${_be_sodium_sources} INCLUDES "${_be_sodium}/include"
    DEFINITIONS CONFIGURED=1 _GNU_SOURCE $<$<BOOL:${ESSENCE_INT128}>:HAVE_TI_MODE=1>) # GNU: syscall()
target_include_directories(essence_sodium SYSTEM PRIVATE "${_be_sodium}/include/sodium")
target_compile_definitions(essence_sodium PUBLIC SODIUM_STATIC=1)
target_link_options(essence_sodium INTERFACE
    $<$<PLATFORM_ID:Linux>:-Wl,--gc-sections> $<$<PLATFORM_ID:Darwin>:-Wl,-dead_strip>)

# libjpeg-turbo does not want to be a part of another build; it gets this one's compiler and flags.
include(ExternalProject)
set(_be_jpeg_dir "${CMAKE_CURRENT_BINARY_DIR}/libjpeg-turbo")
set(_be_jpeg_library "${_be_jpeg_dir}/${CMAKE_STATIC_LIBRARY_PREFIX}turbojpeg${CMAKE_STATIC_LIBRARY_SUFFIX}")
foreach(name CMAKE_TOOLCHAIN_FILE CMAKE_MAKE_PROGRAM CMAKE_C_COMPILER CMAKE_C_COMPILER_TARGET CMAKE_AR CMAKE_RANLIB
             CMAKE_SYSROOT CMAKE_OSX_ARCHITECTURES CMAKE_OSX_DEPLOYMENT_TARGET)
    if(${name})
        list(APPEND _be_jpeg_passed "-D${name}=${${name}}")
    endif()
endforeach()
find_program(ESSENCE_NASM nasm DOC "NASM, for libjpeg-turbo's vector code on x86-64")
if(ESSENCE_X86_64 AND NOT ESSENCE_NASM)
    message(FATAL_ERROR "nasm is needed for libjpeg-turbo on x86-64: install it, or set -DESSENCE_NASM=<file>")
endif()
if(ESSENCE_NASM)
    list(APPEND _be_jpeg_passed "-DCMAKE_ASM_NASM_COMPILER=${ESSENCE_NASM}")
endif()
ExternalProject_Add(libjpeg_turbo
    SOURCE_DIR "${libjpeg_turbo_SOURCE_DIR}"
    BINARY_DIR "${_be_jpeg_dir}"
    CMAKE_ARGS ${_be_jpeg_passed} -Wno-dev --log-level=WARNING
        -DCMAKE_POLICY_VERSION_MINIMUM=3.5 # CMake 4 takes no project that asks for less
        "-DCMAKE_INSTALL_PREFIX=${_be_jpeg_dir}/unused" # its own is refused in a cross build for Windows
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON
        "-DCMAKE_C_FLAGS=${CMAKE_C_FLAGS} -w -fvisibility=hidden -ffunction-sections -fdata-sections"
        -DENABLE_SHARED=OFF -DWITH_JAVA=OFF -DREQUIRE_SIMD=ON
        -DBUILD=pinned # else the day of the build is compiled in
    BUILD_COMMAND "${CMAKE_COMMAND}" --build . --target turbojpeg-static
    BUILD_BYPRODUCTS "${_be_jpeg_library}"
    INSTALL_COMMAND "")
add_library(essence_turbojpeg INTERFACE)
add_dependencies(essence_turbojpeg libjpeg_turbo)
target_include_directories(essence_turbojpeg SYSTEM INTERFACE "${libjpeg_turbo_SOURCE_DIR}")
target_link_libraries(essence_turbojpeg INTERFACE "${_be_jpeg_library}")

be_install_parts_list()
