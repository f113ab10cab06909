/*
 * format_levels.c - how far each line is indented.
 *
 * A declaration begins at the margin, a step of a test one level deeper, and so does what stands
 * between brackets whose opening one ends its line. Clauses of a declaration stand one level deep.
 * Every other line goes on with something that began above: it stands at least one level deeper
 * than that, and where the author set it deeper, because it belongs to a part of a condition or
 * stands under something, that is kept.
 *
 * Levels depend on each other only from above to below, and never on columns that alignment may
 * still move: so they are known before it.
 */
#include "compiler/syntax/layout.h"

typedef struct bracket {
    uint32_t line;  /* that it was opened in */
    bool ends_line; /* nothing but a comment stands behind it there */
    bool test;
} bracket;

typedef struct levels {
    layout *layout;
    bracket *open;
    uint32_t depth;
    uint32_t unit_line; /* where the declaration or step in hand began */
    uint32_t base_line; /* the last whose level is no choice of the author */
    bool in_test;       /* the declaration in hand is one */
    uint32_t code_line; /* the line of code above, or PIECE_NONE */
} levels;

static uint32_t capped(uint32_t level)
{
    return level < LAYOUT_DEEPEST ? level : LAYOUT_DEEPEST;
}

static uint32_t level_of(const levels *state, uint32_t line)
{
    return state->layout->lines.items[line].level;
}

static bool is_clause(uint16_t kind)
{
    return kind == TOKEN_WHEN || kind == TOKEN_UNLESS || kind == TOKEN_THEN ||
           kind == TOKEN_RETURNS || kind == TOKEN_CHECKED;
}

/* The piece of the line of code above that the line's first piece was written under: what begins
 * that line only if it is itself under something. */
static uint32_t leader_of(const levels *state, const layout_line *line)
{
    if (state->layout->plain || state->code_line == PIECE_NONE)
        return PIECE_NONE;
    const layout_line *const above = &state->layout->lines.items[state->code_line];
    const uint32_t column = line_piece(state->layout, line, 0)->source_column;
    for (uint32_t i = above->leader == PIECE_NONE ? 1 : 0; i < above->count; i++) {
        const layout_piece *const piece = line_piece(state->layout, above, i);
        if (piece->source_column == column && piece->kind != PIECE_COMMENT)
            return above->first + i;
    }
    return PIECE_NONE;
}

/* The line goes on with something that stands at `outer`: one level deeper, or as much more as the
 * author wanted. What stands under a piece of the line above, as behind a parenthesis, may be less
 * deep. */
static void level_freely(const levels *state, layout_line *line, uint32_t outer)
{
    line->leader = leader_of(state, line);
    const uint32_t least = outer + (line->leader != PIECE_NONE ? 1 : LAYOUT_STEP);
    const layout_line *const base = &state->layout->lines.items[state->base_line];
    const int64_t written = (int64_t)line_piece(state->layout, line, 0)->source_column -
                            line_piece(state->layout, base, 0)->source_column + base->level;
    uint32_t extra = written > least ? (uint32_t)(written - least) : 0;
    if (line->leader == PIECE_NONE)
        extra = extra < LAYOUT_EXTRA ? extra / LAYOUT_STEP * LAYOUT_STEP : LAYOUT_EXTRA;
    line->least = capped(least);
    line->level = capped(least + extra);
}

/* True if the level is no choice of the author. */
static bool level_line(const levels *state, layout_line *line)
{
    const layout_piece *const first = line_piece(state->layout, line, 0);
    const bracket *const in = state->depth > 0 ? &state->open[state->depth - 1] : NULL;
    const uint32_t outer = in != NULL ? level_of(state, in->line) : 0;
    line->above = in != NULL && piece_closes(first) ? capped(outer + LAYOUT_STEP) : PIECE_NONE;
    if (first->unit == UNIT_DECLARATION)
        line->level = 0;
    else if (in != NULL && piece_closes(first))
        line->level = outer;
    else if (first->unit == UNIT_STEP || (in != NULL && in->ends_line && !in->test))
        line->level = capped(outer + LAYOUT_STEP);
    else if (in == NULL && is_clause(first->kind) && !state->in_test)
        line->level = LAYOUT_STEP;
    else {
        level_freely(state, line,
                     in != NULL && !in->test ? outer : level_of(state, state->unit_line));
        return false;
    }
    return true;
}

static void pass_line(levels *state, uint32_t number)
{
    layout_line *const line = &state->layout->lines.items[number];
    for (uint32_t i = 0; i < line->count; i++) {
        const layout_piece *const piece = line_piece(state->layout, line, i);
        if (piece->unit != UNIT_NONE) {
            state->unit_line = number;
            if (piece->unit == UNIT_DECLARATION)
                state->in_test = piece->kind == TOKEN_TEST;
        }
        if (piece_opens(piece)) {
            const bool last = i + 1 == line->count ||
                              line_piece(state->layout, line, i + 1)->kind == PIECE_COMMENT;
            state->open[state->depth] = (bracket){
                .line = number, .ends_line = last, .test = state->in_test && state->depth == 0};
            state->depth++;
        } else if (piece_closes(piece) && state->depth > 0)
            state->depth--;
    }
    state->code_line = number;
}

void layout_levels(layout *layout)
{
    levels state = {
        .layout = layout,
        .open = arena_array(layout->arena, (size_t)layout->pieces.count + 1, sizeof(bracket)),
        .code_line = PIECE_NONE,
    };
    for (uint32_t i = 0; i < layout->lines.count; i++) {
        layout_line *const line = &layout->lines.items[i];
        line->leader = PIECE_NONE;
        if (line_is_comment(layout, line))
            continue;
        if (level_line(&state, line))
            state.base_line = i;
        pass_line(&state, i);
    }
}
