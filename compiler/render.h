/*
 * render.h - diagnostics as people and programs read them.
 *
 * Text with the source line and carets, JSON with one object a line, SARIF 2.1.0 as one document.
 * Nothing is printed here: everything goes into a buffer. Columns count code points from 1; byte
 * ranges go into the source as it was read.
 *
 * Layer 1 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_RENDER_H
#define CONSTITUTION_COMPILER_RENDER_H

#include "compiler/compilation.h"
#include "runtime/base/buffer.h"

/* Several lines, the last one empty: what happened, where, the notes, the mend. */
void render_text(buffer *out, compilation *compilation, const diagnostic *diagnostic, bool colour);
/* The same of what is no diagnostic: a title, the place, words behind the carets and a help, or
 * NULL. */
void render_place(buffer *out, compilation *compilation, const char *title, source_range range,
                  const char *label, const char *help, bool colour);
/* "2 errors, 1 warning" with a line end; nothing if there are none. Says how many were not kept. */
void render_summary(buffer *out, const compilation *compilation, bool colour);
/* One JSON object and a line end:
 * {"severity","code","title","message","file","line","column","end_line","end_column","start","end","label","notes":[…],"mend":{…}}.
 * Members about a place are left out if there is none, as are label and mend. */
void render_json(buffer *out, compilation *compilation, const diagnostic *diagnostic);
/* All of them as one SARIF log; `version` is that of the program. */
void render_sarif(buffer *out, compilation *compilation, const diagnostic *items, uint32_t count,
                  const char *version);

#endif
