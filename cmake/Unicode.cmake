# The table of characters (runtime/text/unicode_table.h) is generated into the build tree from the Unicode data of ICU.
#
# ICU is linked to the generator alone, never to what is installed.
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-i18n icu-uc)

function(constitution_unicode result)
  set(out ${PROJECT_BINARY_DIR}/generated/unicode)
  file(MAKE_DIRECTORY ${out})
  add_executable(generate_unicode ${PROJECT_SOURCE_DIR}/runtime/text/generate/unicode.c)
  target_include_directories(generate_unicode PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(generate_unicode PRIVATE PkgConfig::ICU)
  constitution_warnings(generate_unicode)
  add_custom_command(OUTPUT ${out}/unicode_table.c
    COMMAND generate_unicode ${out}/unicode_table.c
    DEPENDS generate_unicode VERBATIM)
  set(${result} ${out}/unicode_table.c PARENT_SCOPE)
endfunction()
