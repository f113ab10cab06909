/*
 * json_token.c - the token interface of json.h over the pulling one of json_scan.h, and what errors
 * are called.
 *
 * It keeps no state of its own: whether a value must come next, and in what container, the scanner
 * knows.
 */
#include "runtime/json.h"
#include "runtime/json_scan.h"

const char *json_error_code(json_error error)
{
    static const char *const codes[] = {"",      "json",    "encoding", "duplicate",
                                        "depth", "members", "memory"};
    return codes[error];
}

const char *json_error_text(json_error error)
{
    static const char *const texts[] = {
        "",
        "The text is not JSON.",
        "The text is not UTF-8, or holds a lone surrogate.",
        "A member stands twice in one object.",
        "The text is nested too deeply.",
        "An object has too many members.",
        "The memory for the text is used up.",
    };
    return texts[error];
}

static json_token scan_value(json_scanner *scanner)
{
    switch (json_peek(scanner)) {
    case '{': return json_open(scanner) ? JSON_TOKEN_OBJECT : JSON_TOKEN_ERROR;
    case '[': return json_open(scanner) ? JSON_TOKEN_LIST : JSON_TOKEN_ERROR;
    case '"': return json_string(scanner) ? JSON_TOKEN_STRING : JSON_TOKEN_ERROR;
    case 't': return json_literal(scanner) ? JSON_TOKEN_TRUE : JSON_TOKEN_ERROR;
    case 'f': return json_literal(scanner) ? JSON_TOKEN_FALSE : JSON_TOKEN_ERROR;
    case 'n': return json_literal(scanner) ? JSON_TOKEN_NULL : JSON_TOKEN_ERROR;
    default: return json_number(scanner) ? JSON_TOKEN_NUMBER : JSON_TOKEN_ERROR;
    }
}

json_token json_scan(json_scanner *scanner)
{
    if (scanner->error != JSON_OK)
        return JSON_TOKEN_ERROR;
    if (scanner->pending)
        return scan_value(scanner);
    if (scanner->depth == 0)
        return json_finish(scanner) ? JSON_TOKEN_END : JSON_TOKEN_ERROR;
    const bool object = scanner->state[scanner->depth - 1] == '{';
    if (object ? json_next_member(scanner) : json_next_element(scanner))
        return object ? JSON_TOKEN_KEY : scan_value(scanner);
    if (scanner->error != JSON_OK)
        return JSON_TOKEN_ERROR;
    return object ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_LIST_END;
}
