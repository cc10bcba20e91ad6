# Fills a folder for ESSENCE_ARCHIVES, on a machine that has a network:
#
#   cmake -DTO=<folder> -P c_core/cmake/FetchArchives.cmake
#
# What lies there already, with the pinned bytes, is not fetched again.
cmake_minimum_required(VERSION 3.21)
if(NOT TO)
    message(FATAL_ERROR "name the folder: cmake -DTO=<folder> -P FetchArchives.cmake")
endif()
get_filename_component(TO "${TO}" ABSOLUTE)
list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
include(PinnedArchive)
include(OnnxRuntimeHeader)

function(be_pinned_archive variable)
    cmake_parse_arguments(arg "" "SHA256" "URLS" ${ARGN})
    _be_archive_download(${variable} ${arg_SHA256} "${TO}" file ${arg_URLS})
    message(STATUS "${file}")
endfunction()
include(Pins)

_be_ort_is_pinned("${TO}/${_be_ort_name}" good)
if(NOT good)
    _be_ort_fetch("${TO}/${_be_ort_name}" good)
endif()
if(NOT good)
    message(FATAL_ERROR "ONNX Runtime's C header ${BE_ORT_HEADER_VERSION} could not be fetched")
endif()
message(STATUS "${TO}/${_be_ort_name}")
