# be_pinned_archive(NAME SHA256 URL...): unpacks a source archive into the build folder and sets
# <NAME>_SOURCE_DIR in the caller.
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

# Sets `out` to a downloaded archive.
function(_be_archive_download name sha256 out)
    set(file "${_be_archive_dir}/${name}.tar")
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

function(be_pinned_archive name sha256)
    set(folder "${_be_archive_dir}/${name}")
    if(NOT EXISTS "${folder}/${sha256}")
        if(ESSENCE_ARCHIVES)
            _be_archive_given(${sha256} archive ${ARGN})
        else()
            _be_archive_download(${name} ${sha256} archive ${ARGN})
        endif()
        file(REMOVE_RECURSE "${folder}")
        file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${folder}")
        file(TOUCH "${folder}/${sha256}") # complete
    endif()
    file(GLOB inside LIST_DIRECTORIES TRUE "${folder}/*")
    list(REMOVE_ITEM inside "${folder}/${sha256}")
    set(${name}_SOURCE_DIR "${inside}" PARENT_SCOPE)
endfunction()
