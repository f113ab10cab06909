/*
 * format_columns.c - the columns of all pieces: what the author aligned stays aligned.
 *
 * Two pieces of adjacent lines are aligned if they were written in the same column, are of one kind
 * or the same word of their lines, and have blanks before them. A run of them in which some piece
 * has more than one blank before it was aligned on purpose: its pieces get one column again, as far
 * behind the longest line as the author left room there. A comment behind code is such a run even
 * alone. A line that goes on may stand under a piece of the line above; then it still does.
 *
 * Runs are placed by the column that they were written in: whatever stands to the left of a piece
 * is then known. On a text that was laid out by this file every rule gives what is there already,
 * also for what is in one column by chance, because the column of a run is the end of its longest
 * line and the smallest gap, whichever pieces it has.
 */
#include <stdlib.h>

#include "compiler/syntax/layout.h"

typedef struct event {
    uint32_t column; /* as written */
    bool follows;    /* a line that stands under something; else a run */
    uint32_t piece;  /* the first of it */
} event;

static bool is_comment(const layout_piece *piece)
{
    return piece->kind == PIECE_COMMENT;
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* Can piece number `at` of the line be part of a run? */
static bool is_anchor(const layout *layout, const layout_line *line, uint32_t at)
{
    const layout_piece *const piece = line_piece(layout, line, at);
    if (at == 0)
        return line->continues;
    return is_comment(piece) || (piece->space == 1 && piece->source_gap > 0);
}

static bool are_alike(const layout_piece *above, uint32_t at_above, const layout_piece *below,
                      uint32_t at_below)
{
    if (is_comment(above) || is_comment(below))
        return is_comment(above) && is_comment(below);
    return above->kind == below->kind || at_above == at_below;
}

static void link_lines(layout *layout, const layout_line *above, layout_line *below)
{
    const layout_piece *const last = line_piece(layout, above, above->count - 1);
    if (below->blank_before)
        return;
    if (line_is_comment(layout, below))
        below->continues = is_comment(last) && is_anchor(layout, above, above->count - 1) &&
                           last->source_column == line_piece(layout, below, 0)->source_column;
    if (below->continues) /* so far right, it can be in no doubt */
        line_piece(layout, below, 0)->source_gap = line_piece(layout, below, 0)->source_column;
    for (uint32_t i = 0, k = 0; i < above->count && k < below->count;) {
        layout_piece *const one = line_piece(layout, above, i), *const other =
                                                                    line_piece(layout, below, k);
        if (one->source_column < other->source_column)
            i++;
        else if (one->source_column > other->source_column)
            k++;
        else {
            if (is_anchor(layout, above, i) && is_anchor(layout, below, k) &&
                are_alike(one, i, other, k)) {
                one->link = below->first + k;
                other->linked = true;
            }
            i++;
            k++;
        }
    }
}

/* Was the run that begins with this piece aligned on purpose? */
static bool is_run(const layout *layout, const layout_piece *piece)
{
    if (is_comment(piece))
        return true;
    if (piece->link == PIECE_NONE)
        return false;
    while (piece->source_gap < 2 && piece->link != PIECE_NONE)
        piece = &layout->pieces.items[piece->link];
    return piece->source_gap > 1;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Gives the pieces of the line before number `count` their columns; the end of the last of them. */
static uint32_t place_until(layout *layout, layout_line *line, uint32_t count)
{
    if (count == 0)
        return 0;
    for (; line->placed < count; line->placed++) {
        layout_piece *const piece = line_piece(layout, line, line->placed);
        const layout_piece *const before = piece - 1;
        piece->column =
            line->placed == 0 ? line->level : before->column + before->width + piece->space;
    }
    const layout_piece *const last = line_piece(layout, line, count - 1);
    return last->column + last->width;
}

static void place_run(layout *layout, uint32_t first)
{
    uint32_t longest = 0, least = UINT32_MAX;
    for (uint32_t at = first; at != PIECE_NONE; at = layout->pieces.items[at].link) {
        const layout_piece *const piece = &layout->pieces.items[at];
        layout_line *const line = &layout->lines.items[piece->line];
        const uint32_t end = place_until(layout, line, at - line->first);
        const uint32_t gap = piece->source_gap > 0 ? piece->source_gap : 1;
        longest = end > longest ? end : longest;
        least = gap < least ? gap : least;
    }
    for (uint32_t at = first; at != PIECE_NONE; at = layout->pieces.items[at].link) {
        layout_piece *const piece = &layout->pieces.items[at];
        layout_line *const line = &layout->lines.items[piece->line];
        piece->column = longest + least;
        line->placed = at - line->first + 1;
    }
}

static void place_follower(layout *layout, layout_line *line)
{
    const layout_piece *const leader = &layout->pieces.items[line->leader];
    layout_line *const above = &layout->lines.items[leader->line];
    place_until(layout, above, line->leader - above->first + 1);
    line_piece(layout, line, 0)->column =
        leader->column > line->least ? leader->column : line->least;
    line->placed = 1;
}

static int by_column(const void *left, const void *right)
{
    const event *const one = left, *const other = right;
    if (one->column != other->column)
        return one->column < other->column ? -1 : 1;
    if (one->follows != other->follows)
        return one->follows ? 1 : -1;
    return one->piece < other->piece ? -1 : one->piece > other->piece;
}

static void place_all(layout *layout)
{
    event *const events =
        arena_array(layout->arena, (size_t)layout->pieces.count + 1, sizeof *events);
    size_t count = 0;
    for (uint32_t i = 0; i < layout->pieces.count; i++) {
        const layout_piece *const piece = &layout->pieces.items[i];
        const layout_line *const line = &layout->lines.items[piece->line];
        if (i == line->first && line->leader != PIECE_NONE)
            events[count++] = (event){piece->source_column, true, i};
        else if (!piece->linked && is_anchor(layout, line, i - line->first) &&
                 is_run(layout, piece))
            events[count++] = (event){piece->source_column, false, i};
    }
    qsort(events, count, sizeof *events, by_column);
    for (size_t i = 0; i < count; i++)
        if (events[i].follows)
            place_follower(layout,
                           &layout->lines.items[layout->pieces.items[events[i].piece].line]);
        else
            place_run(layout, events[i].piece);
    for (uint32_t i = 0; i < layout->lines.count; i++)
        place_until(layout, &layout->lines.items[i], layout->lines.items[i].count);
}

/* Comments on lines of their own stand as deep as the line of code below them. */
static void place_comments(layout *layout)
{
    uint32_t level = 0;
    for (uint32_t i = layout->lines.count; i-- > 0;) {
        const layout_line *const line = &layout->lines.items[i];
        layout_piece *const first = line_piece(layout, line, 0);
        if (!is_comment(first))
            level = line->above != PIECE_NONE ? line->above : first->column;
        else if (!line->continues)
            first->column = level < LAYOUT_DEEPEST ? level : LAYOUT_DEEPEST;
    }
}

void layout_columns(layout *layout)
{
    for (uint32_t i = 1; i < layout->lines.count && !layout->plain; i++)
        link_lines(layout, &layout->lines.items[i - 1], &layout->lines.items[i]);
    place_all(layout);
    place_comments(layout);
}
