# Defines the interface target `essence_ort_header`: ONNX Runtime's C header, a need of the build alone
# (the library itself is opened at run time). Looked for in this order:
#
#   1. -DBE_ORT_INCLUDE_DIR=<folder that holds onnxruntime_c_api.h>
#   2. an installed one (libonnxruntime-dev, Homebrew, ...)
#   3. the pinned one in ESSENCE_ARCHIVES, where that is set: then nothing is fetched
#   4. the copy that an earlier build fetched (build folder, then the user's cache folder)
#   5. upstream's file of BE_ORT_HEADER_VERSION, else the same file out of Debian's package
#
# What is fetched counts only if its SHA-256 is the one below. Newer headers work too: the function
# table only ever grows.
#
# What was found is copied into the build folder, so that -I never names a system folder, which would
# be wrong in a cross build.

include(PinnedArchive) # for ESSENCE_ARCHIVES

set(BE_ORT_INCLUDE_DIR "" CACHE PATH "Folder with onnxruntime_c_api.h; empty = find or fetch it")
set(BE_ORT_HEADER_VERSION 1.21.0)
set(BE_ORT_HEADER_SHA256 7783e9664bdb0b1b36145b5c8587dd1bc9a399aa000edf2e3dd03003cafc6882)
set(BE_ORT_HEADER_MIN_API 16)
set(BE_ORT_HEADER_URL "https://raw.githubusercontent.com/microsoft/onnxruntime/v${BE_ORT_HEADER_VERSION}/include/onnxruntime/core/session/onnxruntime_c_api.h")

set(_be_ort_name onnxruntime_c_api.h)
set(_be_ort_dir "${CMAKE_CURRENT_BINARY_DIR}/ort-header")

# Sets `out` to TRUE when `file` is the pinned header.
function(_be_ort_is_pinned file out)
    set(${out} FALSE PARENT_SCOPE)
    if(EXISTS "${file}")
        file(SHA256 "${file}" hash)
        if(hash STREQUAL BE_ORT_HEADER_SHA256)
            set(${out} TRUE PARENT_SCOPE)
        endif()
    endif()
endfunction()

# Sets `out` to the per-user cache path of the header, or to "" where there is no such folder.
function(_be_ort_cache_path out)
    if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(root "$ENV{XDG_CACHE_HOME}")
    elseif(DEFINED ENV{LOCALAPPDATA})
        set(root "$ENV{LOCALAPPDATA}")
    elseif(DEFINED ENV{HOME} AND NOT "$ENV{HOME}" STREQUAL "")
        set(root "$ENV{HOME}/.cache")
    else()
        set(${out} "" PARENT_SCOPE)
        return()
    endif()
    set(${out} "${root}/essence/ort-header-${BE_ORT_HEADER_VERSION}/${_be_ort_name}" PARENT_SCOPE)
endfunction()

# Fetches the pinned header to `file`; sets `out` to TRUE on success. Time-outs are short: a firewall
# that swallows packets must not hold up the other way.
function(_be_ort_fetch file out)
    message(STATUS "ONNX Runtime header: fetching ${BE_ORT_HEADER_VERSION} from upstream")
    file(DOWNLOAD "${BE_ORT_HEADER_URL}" "${file}" TIMEOUT 30 INACTIVITY_TIMEOUT 10 STATUS status)
    _be_ort_is_pinned("${file}" good)
    if(NOT good)
        list(GET status 1 why)
        message(STATUS "ONNX Runtime header: not from upstream (${why}); trying Debian's package")
        find_program(_be_sh sh)
        if(_be_sh)
            execute_process(
                COMMAND "${_be_sh}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/fetch-ort-header" "${file}"
                TIMEOUT 180 RESULT_VARIABLE failed)
            _be_ort_is_pinned("${file}" good)
        endif()
    endif()
    if(NOT good)
        file(REMOVE "${file}")
    endif()
    set(${out} ${good} PARENT_SCOPE)
endfunction()

# Keeps a fetched header for later builds; a cache that cannot be written is no error.
function(_be_ort_remember file cached)
    if(cached)
        get_filename_component(folder "${cached}" DIRECTORY)
        execute_process(COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}"
            OUTPUT_QUIET ERROR_QUIET)
        execute_process(COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${file}" "${cached}"
            OUTPUT_QUIET ERROR_QUIET)
    endif()
endfunction()

# Puts the header into the build folder.
function(_be_ort_provide)
    set(wanted "${_be_ort_dir}/${_be_ort_name}")
    set(found found-NOTFOUND)
    if(BE_ORT_INCLUDE_DIR)
        find_file(found ${_be_ort_name} PATHS "${BE_ORT_INCLUDE_DIR}"
            PATH_SUFFIXES onnxruntime core/session onnxruntime/core/session
            NO_DEFAULT_PATH NO_CACHE NO_CMAKE_FIND_ROOT_PATH)
        if(NOT found)
            message(FATAL_ERROR "BE_ORT_INCLUDE_DIR=${BE_ORT_INCLUDE_DIR} holds no ${_be_ort_name}")
        endif()
        configure_file("${found}" "${wanted}" COPYONLY)
        return()
    endif()
    find_file(found ${_be_ort_name}
        PATH_SUFFIXES onnxruntime onnxruntime/core/session NO_CACHE)
    if(found)
        configure_file("${found}" "${wanted}" COPYONLY)
        return()
    endif()
    if(ESSENCE_ARCHIVES)
        _be_ort_is_pinned("${ESSENCE_ARCHIVES}/${_be_ort_name}" good)
        if(NOT good)
            message(FATAL_ERROR "ESSENCE_ARCHIVES=${ESSENCE_ARCHIVES} holds no ${_be_ort_name} of "
                "ONNX Runtime ${BE_ORT_HEADER_VERSION}, whose SHA-256 is ${BE_ORT_HEADER_SHA256}")
        endif()
        configure_file("${ESSENCE_ARCHIVES}/${_be_ort_name}" "${wanted}" COPYONLY)
        return()
    endif()
    _be_ort_is_pinned("${wanted}" good)
    if(good)
        return()
    endif()
    _be_ort_cache_path(cached)
    _be_ort_is_pinned("${cached}" good)
    if(good)
        configure_file("${cached}" "${wanted}" COPYONLY)
        return()
    endif()
    _be_ort_fetch("${wanted}" good)
    if(NOT good)
        message(FATAL_ERROR
            "ONNX Runtime's C header could neither be found nor fetched. Install libonnxruntime-dev, or "
            "download ${BE_ORT_HEADER_URL} and configure with -DBE_ORT_INCLUDE_DIR=<its folder>")
    endif()
    _be_ort_remember("${wanted}" "${cached}")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
    return() # FetchArchives.cmake wants the functions
endif()
_be_ort_provide()
file(STRINGS "${_be_ort_dir}/${_be_ort_name}" _be_ort_line REGEX "^#define ORT_API_VERSION [0-9]+")
string(REGEX MATCH "[0-9]+$" _be_ort_api "${_be_ort_line}")
if(NOT _be_ort_api OR _be_ort_api LESS BE_ORT_HEADER_MIN_API)
    message(FATAL_ERROR
        "the ONNX Runtime header found has API version '${_be_ort_api}'; ${BE_ORT_HEADER_MIN_API} or later "
        "is needed: set -DBE_ORT_INCLUDE_DIR")
endif()
message(STATUS "ONNX Runtime header: API ${_be_ort_api} in ${_be_ort_dir}")

add_library(essence_ort_header INTERFACE)
target_include_directories(essence_ort_header SYSTEM INTERFACE "${_be_ort_dir}")
