/*
 * dump.h - what `constc dump --after tokens` and `--after ast` print. Stable: golden tests compare
 * it.
 */
#ifndef CONSTITUTION_COMPILER_SYNTAX_DUMP_H
#define CONSTITUTION_COMPILER_SYNTAX_DUMP_H

#include "compiler/compilation.h"
#include "runtime/base/buffer.h"

/* One token a line: line:column, kind, text. Malformed tokens are reported in the compilation, as
 * when parsing. */
void tokens_dump(buffer *out, compilation *compilation, uint32_t source);

/* The tree as nested lists, one declaration after the other; nothing of it depends on where in the
 * file it stands. */
void ast_dump(buffer *out, const compilation *compilation, const ast_file *file);

#endif
