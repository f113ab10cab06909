# What `cmake --install` puts where: both libraries, their public headers, the program, the CMake package `Constitution`
# (targets Constitution::runtime and Constitution::compiler) and the pkg-config files `constitution` and `constc`.
#
# A program that links a policy.o needs no more than constitution.h: the module stays an incomplete type for it.
install(TARGETS runtime compiler EXPORT ConstitutionTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS codegen LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}) # opened by libconstc and constc, linked by nobody
# The runtime as an archive, for programs that must start fast: beside the shared one, and not to be mixed with libconstc.
install(TARGETS runtime_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET constc)
  install(TARGETS constc constitution-hook RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/runtime/include/constitution.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/compiler/include/constitution/compiler.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/constitution)

# libconstc finds libconstitution beside itself, wherever both are installed.
set_target_properties(compiler PROPERTIES INSTALL_RPATH "$ORIGIN")

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Constitution)
install(EXPORT ConstitutionTargets NAMESPACE Constitution:: DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ConstitutionConfig.cmake.in
  ${PROJECT_BINARY_DIR}/ConstitutionConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ConstitutionConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ConstitutionConfig.cmake ${PROJECT_BINARY_DIR}/ConstitutionConfigVersion.cmake
  DESTINATION ${package})

# Paths in the .pc files count from where the file lies, so that the tree can be moved.
file(RELATIVE_PATH PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")
foreach(name constitution constc)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
