# The lexer and the parser are generated into the build tree from grammar/lexer.re and grammar/parser.y.
#
# Lemon always runs with -c: with soft keywords (%fallback) compressed default reductions would silently take a keyword for a
# name. A conflict makes Lemon fail, and so the build.
find_program(RE2C re2c REQUIRED)
find_program(LEMON lemon REQUIRED)

function(constitution_grammar result)
  set(out ${PROJECT_BINARY_DIR}/generated/grammar)
  file(MAKE_DIRECTORY ${out})
  add_custom_command(OUTPUT ${out}/lexer.c
    COMMAND ${RE2C} -W -Werror --no-debug-info -o ${out}/lexer.c ${PROJECT_SOURCE_DIR}/grammar/lexer.re
    DEPENDS ${PROJECT_SOURCE_DIR}/grammar/lexer.re VERBATIM)
  add_custom_command(OUTPUT ${out}/parser.c ${out}/parser.h
    COMMAND ${LEMON} -c -q -d${out} ${PROJECT_SOURCE_DIR}/grammar/parser.y
    DEPENDS ${PROJECT_SOURCE_DIR}/grammar/parser.y VERBATIM)
  # Lemon's template is not ours: its warnings are not either.
  set_source_files_properties(${out}/parser.c PROPERTIES COMPILE_OPTIONS "-w")
  set(${result} ${out}/lexer.c ${out}/parser.c ${out}/parser.h PARENT_SCOPE)
endfunction()
