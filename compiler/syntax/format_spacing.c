/*
 * format_spacing.c - what stands between two tokens of one line: nothing, or one blank.
 *
 * A table of signs says most of it. Three signs mean two things: `<` compares or holds the type of
 * elements, `-` subtracts or is the sign of a number, `(` belongs to the name before it or begins
 * something. What they mean follows from the two tokens before them; the parser need not be asked.
 */
#include "compiler/syntax/layout.h"

typedef struct spacing {
    const layout_piece *earlier, *before; /* the two tokens before; NULL if there are less */
    bool before_opens_type, before_is_sign, before_ends_type;
    bool earlier_ends_value;
    uint32_t types; /* open `<` */
    bool in_test;
} spacing;

static bool is_name(const spacing *state, const layout_piece *piece)
{
    return piece->kind == TOKEN_NAME ||
           (piece == state->before && state->earlier != NULL && state->earlier->kind == TOKEN_DOT);
}

/* Can a value end with this token? Then a minus behind it subtracts. */
static bool ends_value(const spacing *state)
{
    const uint16_t kind = state->before->kind;
    if (is_name(state, state->before) || (token_is_word(kind) && !token_is_reserved(kind)))
        return true;
    switch (kind) {
    case TOKEN_STRING:
    case TOKEN_REGEX:
    case TOKEN_INT:
    case TOKEN_DECIMAL:
    case TOKEN_FLOAT:
    case TOKEN_DURATION:
    case TOKEN_RIGHT_PAREN:
    case TOKEN_RIGHT_BRACE:
    case TOKEN_RIGHT_BRACKET:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_THIS:
    case TOKEN_INPUT:
    case TOKEN_OUTPUT: return true;
    default: return false;
    }
}

static bool is_sign(const spacing *state, const layout_piece *piece)
{
    return piece->kind == TOKEN_MINUS && state->before != NULL &&
           (state->in_test || !ends_value(state));
}

/* `list<` after a colon, `returns` or another `<` of a type. */
static bool opens_type(const spacing *state, const layout_piece *piece)
{
    if (piece->kind != TOKEN_LT || state->before == NULL || state->before->kind != TOKEN_NAME ||
        state->earlier == NULL)
        return false;
    return state->types > 0 || state->earlier->kind == TOKEN_COLON ||
           state->earlier->kind == TOKEN_RETURNS;
}

/* A soft word before a parenthesis is a keyword behind the end of a value (`over (…)`, `free (…)`)
 * and in `with same (…)`; else it is the name of what is called or declared. */
static bool is_keyword(const spacing *state)
{
    const layout_piece *const earlier = state->earlier;
    if (token_is_reserved(state->before->kind))
        return true;
    if (earlier == NULL || earlier->kind == TOKEN_TOOL || earlier->kind == TOKEN_DEFINE ||
        earlier->kind == TOKEN_EXTERN)
        return false;
    return state->earlier_ends_value ||
           (earlier->kind == TOKEN_WITH && state->before->kind == TOKEN_SAME);
}

static uint8_t before_parenthesis(const spacing *state)
{
    const uint16_t kind = state->before->kind;
    if (is_name(state, state->before) || kind == TOKEN_STRING || kind == TOKEN_RIGHT_BRACE ||
        state->before_ends_type)
        return 0;
    return !token_is_word(kind) || is_keyword(state);
}

static uint8_t space_before(const spacing *state, const layout_piece *piece)
{
    if (state->before == NULL || state->before_opens_type || state->before_is_sign)
        return 0;
    if (piece->kind == TOKEN_GT && state->types > 0)
        return 0;
    switch (state->before->kind) {
    case TOKEN_LEFT_PAREN:
    case TOKEN_LEFT_BRACKET:
    case TOKEN_DOT: return 0;
    default: break;
    }
    switch (piece->kind) {
    case TOKEN_COMMA:
    case TOKEN_COLON:
    case TOKEN_QUESTION:
    case TOKEN_DOT:
    case TOKEN_RIGHT_PAREN:
    case TOKEN_RIGHT_BRACKET: return 0;
    case TOKEN_RIGHT_BRACE: return state->before->kind != TOKEN_LEFT_BRACE;
    case TOKEN_LEFT_PAREN: return before_parenthesis(state);
    case TOKEN_LT: return !opens_type(state, piece);
    default: return 1;
    }
}

static void pass_token(spacing *state, const layout_piece *piece)
{
    if (piece->unit == UNIT_DECLARATION) {
        state->in_test = piece->kind == TOKEN_TEST;
        state->types = 0;
    }
    const bool opens = opens_type(state, piece), ends = piece->kind == TOKEN_GT && state->types > 0;
    state->before_is_sign = is_sign(state, piece);
    state->types += opens ? 1 : 0;
    state->types -= ends ? 1 : 0;
    state->before_opens_type = opens;
    state->before_ends_type = ends;
    state->earlier_ends_value = state->before != NULL && ends_value(state);
    state->earlier = state->before;
    state->before = piece;
}

void layout_spaces(layout *layout)
{
    spacing state = {0};
    for (uint32_t i = 0; i < layout->pieces.count; i++) {
        layout_piece *const piece = &layout->pieces.items[i];
        if (piece->kind == PIECE_COMMENT) {
            piece->space = 1;
            continue;
        }
        piece->space = space_before(&state, piece);
        pass_token(&state, piece);
    }
}
