# The modules of stdlib/ are built into libconstc as bytes, so that `import std.NAME` needs no installed files.
function(constitution_embed result)
  file(GLOB modules CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/stdlib/*.const)
  set(out ${PROJECT_BINARY_DIR}/generated/stdlib.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DMODULES=${modules}" -P ${PROJECT_SOURCE_DIR}/cmake/EmbedModules.cmake
    DEPENDS ${modules} ${PROJECT_SOURCE_DIR}/cmake/EmbedModules.cmake VERBATIM)
  set(${result} ${out} PARENT_SCOPE)
endfunction()
