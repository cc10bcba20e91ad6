# What is linked inside, as a wheel or an archive says it: the licences, and a list of parts (CycloneDX).
# Each archive that is unpacked enters itself, so that none can be forgotten.

# be_list_part(<name> <version> <SPDX expression> <package URL> <urls> <SHA-256>)
function(be_list_part name version license purl urls sha256)
    list(GET urls 0 url)
    set(ESSENCE_PART "{
      \"type\": \"library\",
      \"bom-ref\": \"${name}\",
      \"name\": \"${name}\",
      \"version\": \"${version}\",
      \"purl\": \"${purl}\",
      \"licenses\": [{\"expression\": \"${license}\"}],
      \"externalReferences\": [{
        \"type\": \"source-distribution\",
        \"url\": \"${url}\",
        \"hashes\": [{\"alg\": \"SHA-256\", \"content\": \"${sha256}\"}]
      }]
    }")
    set_property(GLOBAL APPEND PROPERTY ESSENCE_PARTS "${ESSENCE_PART}")
    set_property(GLOBAL APPEND PROPERTY ESSENCE_PART_REFS "\"${name}\"")
endfunction()

# be_list_licence(<name of the part> <file>)
function(be_list_licence name file)
    if(NOT EXISTS "${file}")
        message(FATAL_ERROR "${name} has no licence file ${file}")
    endif()
    set_property(GLOBAL APPEND PROPERTY ESSENCE_LICENCES "${name}:${file}")
endfunction()

# Installs both: into a wheel's metadata, or beside the library's documentation.
function(be_install_parts_list)
    if(ESSENCE_PYTHON_WHEEL)
        set(target "${SKBUILD_METADATA_DIR}")
        set(component COMPONENT python)
    else()
        set(target "${CMAKE_INSTALL_DOCDIR}")
        set(component "")
    endif()
    if(NOT target)
        return() # the library is put into a source tree: nothing describes it
    endif()
    get_property(licences GLOBAL PROPERTY ESSENCE_LICENCES)
    foreach(licence IN LISTS licences)
        string(REGEX MATCH "^([^:]+):(.+)$" parsed "${licence}")
        install(FILES "${CMAKE_MATCH_2}" ${component} DESTINATION "${target}/licenses/${CMAKE_MATCH_1}")
    endforeach()
    get_property(parts GLOBAL PROPERTY ESSENCE_PARTS)
    get_property(refs GLOBAL PROPERTY ESSENCE_PART_REFS)
    list(JOIN parts ",\n    " ESSENCE_PARTS)
    list(JOIN refs ", " ESSENCE_PART_REFS)
    configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/essence.cdx.json.in" essence.cdx.json @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/essence.cdx.json" ${component} DESTINATION "${target}/sboms")
endfunction()
