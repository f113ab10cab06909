/*
 * format.h - the layout of a policy source: canonical blanks and indentation, the author's line
 * breaks, and every comment where it was.
 *
 * For `constc fmt` and the language server. Layer 1 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_SYNTAX_FORMAT_H
#define CONSTITUTION_COMPILER_SYNTAX_FORMAT_H

#include "compiler/compilation.h"
#include "runtime/base/buffer.h"

typedef enum format_answer {
    FORMAT_DONE,     /* `out` is the text; the same as the source if that was well laid out */
    FORMAT_ERRORS,   /* the source does not parse; its diagnostics are in the compilation */
    FORMAT_TOO_LONG, /* laid out it would be longer than a source may be */
    FORMAT_BROKEN    /* the result is not the same policy: a mistake of ours */
} format_answer;

/* Nothing but FORMAT_DONE leaves anything in `out` that may be used. Takes memory of the
 * compilation's arena, and adds sources to it. */
format_answer source_format(compilation *compilation, uint32_t source, buffer *out);

#endif
