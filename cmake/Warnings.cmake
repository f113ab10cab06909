# Warnings are errors, for gcc 12 and clang alike; sanitizers and coverage go to every target of the project.
# gcc's plain -Wshadow also objects to `checker *checker`, a value called after its type; clang's does not, and finds the rest.
function(constitution_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic $<IF:$<C_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow> -Wstrict-prototypes -Wmissing-prototypes
    -Wpointer-arith -Wcast-qual -Wundef -Wvla -Wformat=2 -Wwrite-strings -Werror)
endfunction()

if(CONSTITUTION_SANITIZE)
  add_compile_options(-fsanitize=${CONSTITUTION_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CONSTITUTION_SANITIZE})
endif()
if(CONSTITUTION_FUZZ) # coverage is what libFuzzer learns from
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(CONSTITUTION_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
