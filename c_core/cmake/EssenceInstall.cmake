# cmake --install: header, library, CMake package and pkg-config file. What is installed may be moved
# as a whole: nothing in it names the prefix.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/essence)
install(TARGETS essence EXPORT essence-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES include/essence.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ../LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT essence-targets NAMESPACE essence:: DESTINATION ${package_dir})
configure_package_config_file(cmake/essence-config.cmake.in essence-config.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may drop what it added: never an ABI 1 to 6 function, see docs/abi.md.
write_basic_package_version_file(essence-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/essence-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/essence-config-version.cmake
        DESTINATION ${package_dir})

file(RELATIVE_PATH ESSENCE_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" ESSENCE_PC_PREFIX "${ESSENCE_PC_PREFIX}")
configure_file(cmake/essence.pc.in essence.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/essence.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(WIN32) # for linkers that want an import library of their own making: lib /def:essence.def
    file(STRINGS abi/essence.map functions REGEX "^ +be_[a-z0-9_]+;")
    string(REGEX REPLACE "[\\; ]+" "\n    " functions "${functions}")
    file(GENERATE OUTPUT essence.def CONTENT "LIBRARY $<TARGET_FILE_NAME:essence>\nEXPORTS${functions}\n")
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/essence.def DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
