# be_pinned_archive(<variable> NAME <name> VERSION <version> SHA256 <digest> SPDX <licence expression>
#                   TEXTS <licence file>... PURL <package URL> URLS <url>...)
#
# Unpacks a source archive into the build folder, sets <variable>_SOURCE_DIR in the caller, and enters it
# into the list of parts (PartsList.cmake).
#
# The archive is the file of a URL's name in ESSENCE_ARCHIVES (a folder, the way to build offline), else it
# is downloaded from the first URL that answers. Only the pinned SHA-256 counts, wherever it came from.

set(ESSENCE_ARCHIVES "$ENV{ESSENCE_ARCHIVES}" CACHE PATH "Folder with the pinned source archives; empty = download")
set(_be_archive_dir "${CMAKE_CURRENT_BINARY_DIR}/archives")

# Sets `out` to TRUE when `file` has the digest.
function(_be_archive_is file sha256 out)
    set(${out} FALSE PARENT_SCOPE)
    if(EXISTS "${file}")
        file(SHA256 "${file}" actual)
        if(actual STREQUAL sha256)
            set(${out} TRUE PARENT_SCOPE)
        endif()
    endif()
endfunction()

# Sets `out` to the archive in ESSENCE_ARCHIVES. A file of that name with other bytes is an error: it is
# better told than replaced by a download.
function(_be_archive_given sha256 out)
    foreach(url IN LISTS ARGN)
        get_filename_component(base "${url}" NAME)
        string(REPLACE "%2b" "+" plain "${base}") # apt's own name of the file
        foreach(file "${ESSENCE_ARCHIVES}/${base}" "${ESSENCE_ARCHIVES}/${plain}")
            _be_archive_is("${file}" ${sha256} good)
            if(good)
                set(${out} "${file}" PARENT_SCOPE)
                return()
            elseif(EXISTS "${file}")
                message(FATAL_ERROR "${file} is not the pinned archive, whose SHA-256 is ${sha256}")
            endif()
        endforeach()
        list(APPEND names "${base}")
    endforeach()
    list(JOIN names " nor " names)
    message(FATAL_ERROR "ESSENCE_ARCHIVES=${ESSENCE_ARCHIVES} holds no ${names}")
endfunction()

# Sets `out` to a downloaded archive in `folder`, under the name that _be_archive_given looks for.
function(_be_archive_download name sha256 folder out)
    list(GET ARGN -1 url)
    get_filename_component(base "${url}" NAME)
    string(REPLACE "%2b" "+" base "${base}")
    set(file "${folder}/${base}")
    _be_archive_is("${file}" ${sha256} good)
    foreach(url IN LISTS ARGN)
        if(NOT good)
            message(STATUS "${name}: fetching ${url}")
            file(DOWNLOAD "${url}" "${file}" TIMEOUT 300 INACTIVITY_TIMEOUT 15 STATUS status)
            _be_archive_is("${file}" ${sha256} good)
            list(GET status 1 why)
            string(APPEND tried "\n  ${url}: ${why}")
        endif()
    endforeach()
    if(NOT good)
        file(REMOVE "${file}")
        message(FATAL_ERROR "${name} cannot be fetched with SHA-256 ${sha256}:${tried}\n"
            "Put the archive into a folder and configure with -DESSENCE_ARCHIVES=<the folder>")
    endif()
    set(${out} "${file}" PARENT_SCOPE)
endfunction()

function(be_pinned_archive variable)
    cmake_parse_arguments(arg "" "NAME;VERSION;SHA256;SPDX;PURL" "TEXTS;URLS" ${ARGN})
    set(folder "${_be_archive_dir}/${variable}")
    if(NOT EXISTS "${folder}/${arg_SHA256}")
        if(ESSENCE_ARCHIVES)
            _be_archive_given(${arg_SHA256} archive ${arg_URLS})
        else()
            _be_archive_download(${variable} ${arg_SHA256} "${_be_archive_dir}" archive ${arg_URLS})
        endif()
        file(REMOVE_RECURSE "${folder}")
        file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${folder}")
        file(TOUCH "${folder}/${arg_SHA256}") # complete
    endif()
    file(GLOB inside LIST_DIRECTORIES TRUE "${folder}/*")
    list(REMOVE_ITEM inside "${folder}/${arg_SHA256}")
    be_list_part("${arg_NAME}" "${arg_VERSION}" "${arg_SPDX}" "${arg_PURL}" "${arg_URLS}" ${arg_SHA256})
    foreach(file IN LISTS arg_TEXTS)
        be_list_licence("${arg_NAME}" "${inside}/${file}")
    endforeach()
    set(${variable}_SOURCE_DIR "${inside}" PARENT_SCOPE)
endfunction()
