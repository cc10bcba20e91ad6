# Defines essence_turbojpeg, essence_speexdsp, essence_cjson, essence_sodium and essence_zlib: what the
# engine is linked with. Either the system's packages, which is the default and what developers want, or, with
# ESSENCE_BUNDLED_DEPS, static ones made from pinned source archives, which is what wheels want.

option(ESSENCE_BUNDLED_DEPS "Link libjpeg-turbo, speexdsp, cJSON, libsodium and zlib statically, from pinned archives" OFF)

find_package(Threads REQUIRED)
if(ESSENCE_BUNDLED_DEPS)
    include(BundledDependencies)
    return()
endif()

find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(SPEEXDSP REQUIRED IMPORTED_TARGET speexdsp)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.16)
foreach(pair turbojpeg:PkgConfig::TURBOJPEG speexdsp:PkgConfig::SPEEXDSP cjson:PkgConfig::CJSON
             sodium:PkgConfig::SODIUM zlib:ZLIB::ZLIB)
    string(REGEX MATCH "^([a-z]+):(.*)$" _be_pair ${pair})
    add_library(essence_${CMAKE_MATCH_1} INTERFACE)
    target_link_libraries(essence_${CMAKE_MATCH_1} INTERFACE ${CMAKE_MATCH_2})
endforeach()
