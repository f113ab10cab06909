/*
 * layout.h - what the files of the formatter share: a source as lines of pieces, where a piece is a
 * token or a comment.
 *
 * Private to format.c, which reads and writes texts, format_spacing.c, which says what stands
 * between two tokens of a line, format_levels.c, which says how far a line is indented, and
 * format_columns.c, which keeps what the author aligned.
 */
#ifndef CONSTITUTION_COMPILER_SYNTAX_LAYOUT_H
#define CONSTITUTION_COMPILER_SYNTAX_LAYOUT_H

#include "compiler/syntax/syntax.h"

enum {
    LAYOUT_STEP = 2,    /* columns of one level */
    LAYOUT_EXTRA = 8,   /* columns by which a line that goes on may be deeper than it must */
    LAYOUT_DEEPEST = 80 /* deeper levels stand there: many short lines must not make a large file */
};

#define PIECE_COMMENT UINT16_MAX
#define PIECE_NONE    UINT32_MAX

typedef enum layout_unit { UNIT_NONE, UNIT_DECLARATION, UNIT_STEP } layout_unit;

typedef struct layout_piece {
    uint32_t start, end; /* bytes of the source; a comment is without the blanks at its end */
    uint16_t kind;       /* TOKEN_… or PIECE_COMMENT */
    uint8_t unit;        /* layout_unit that begins here */
    uint8_t space;       /* columns before it if nothing is aligned: 0 or 1 */
    uint32_t line, width;
    uint32_t source_column, source_gap; /* as it was written; the gap only if not first */
    uint32_t column;                    /* as it will be written */
    uint32_t link;                      /* the piece below that it is aligned with */
    bool linked;                        /* is somebody's link */
} layout_piece;

typedef struct layout_line {
    uint32_t first, count; /* pieces */
    bool blank_before;
    bool continues;  /* a comment alone, below and in the column of one behind code */
    uint32_t level;  /* columns */
    uint32_t above;  /* of a comment on a line of its own above this line: its column */
    uint32_t least;  /* if there is a leader: the column that the line has at least */
    uint32_t leader; /* the piece of a line above that the first piece stands under, or none */
    uint32_t placed; /* so many pieces have their column */
} layout_line;

typedef struct layout {
    arena *arena;
    const char *bytes;
    uint32_t length;
    bool plain;      /* keep no alignment but the distance of comments behind code */
    bool crlf, mark; /* line ends are CRLF; there is a byte order mark */
    struct {
        layout_piece *items;
        uint32_t count, capacity;
    } pieces;
    struct {
        layout_line *items;
        uint32_t count, capacity;
    } lines;
} layout;

static inline bool piece_opens(const layout_piece *piece)
{
    return piece->kind == TOKEN_LEFT_PAREN || piece->kind == TOKEN_LEFT_BRACE ||
           piece->kind == TOKEN_LEFT_BRACKET;
}

static inline bool piece_closes(const layout_piece *piece)
{
    return piece->kind == TOKEN_RIGHT_PAREN || piece->kind == TOKEN_RIGHT_BRACE ||
           piece->kind == TOKEN_RIGHT_BRACKET;
}

static inline layout_piece *line_piece(const layout *layout, const layout_line *line, uint32_t at)
{
    return &layout->pieces.items[line->first + at];
}

static inline bool line_is_comment(const layout *layout, const layout_line *line)
{
    return line_piece(layout, line, 0)->kind == PIECE_COMMENT;
}

void layout_spaces(layout *layout);  /* sets `space` of the pieces */
void layout_levels(layout *layout);  /* sets `level` and `leader` of the lines */
void layout_columns(layout *layout); /* sets `column` of the pieces */

#endif
