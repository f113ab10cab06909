# build_stamp.h: the hash of all headers that the compiler and its code generator share. The code generator is a library that is
# opened at run time, so that nothing but this keeps one that was built with other structs away.
function(constitution_stamp)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/compiler/*.h ${PROJECT_SOURCE_DIR}/compiler/*.def
    ${PROJECT_SOURCE_DIR}/runtime/*.h ${PROJECT_SOURCE_DIR}/runtime/*.def ${PROJECT_SOURCE_DIR}/runtime/base/*.h
    ${PROJECT_SOURCE_DIR}/runtime/include/*.h)
  set(out ${PROJECT_BINARY_DIR}/generated/build_stamp.h)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DHEADERS=${headers}" -P ${PROJECT_SOURCE_DIR}/cmake/StampHeaders.cmake
    DEPENDS ${headers} ${PROJECT_SOURCE_DIR}/cmake/StampHeaders.cmake VERBATIM)
  add_custom_target(build_stamp DEPENDS ${out})
endfunction()
