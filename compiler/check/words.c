/*
 * words.c - what kinds of values, of expressions and of properties are called in explanations and
 * dumps.
 *
 * One table each, by number and not by place: a kind that is added and not named here is a "?", and
 * a dump that shows it fails its golden test.
 */
#include "compiler/checked.h"

/* Names by number; what has none is NULL. */
static const char *word(const char *const *words, size_t count, size_t number)
{
    return number < count && words[number] != NULL ? words[number] : "?";
}

const char *kind_word(cst_kind kind)
{
    static const char *const words[] = {
        [CST_KIND_ABSENT] = "absent",   [CST_KIND_BOOL] = "bool",
        [CST_KIND_INT] = "int",         [CST_KIND_DECIMAL] = "decimal",
        [CST_KIND_FLOAT] = "float",     [CST_KIND_STRING] = "string",
        [CST_KIND_TIME] = "time",       [CST_KIND_DURATION] = "duration",
        [CST_KIND_ENUM] = "enum",       [CST_KIND_AGENT] = "agent",
        [CST_KIND_EMAIL] = "email",     [CST_KIND_URL] = "url",
        [CST_KIND_HOST] = "host",       [CST_KIND_PATH] = "path",
        [CST_KIND_IP] = "ip",           [CST_KIND_TOOL] = "tool",
        [CST_KIND_LIST] = "list",       [CST_KIND_RECORD] = "record",
        [CST_KIND_JSON] = "json",       [CST_KIND_NULL] = "null",
        [CST_KIND_COMMAND] = "command",
    };
    return word(words, sizeof words / sizeof *words, (size_t)kind);
}

const char *expression_word(expression_kind kind)
{
    static const char *const words[] = {
        [EXPRESSION_CONSTANT] = "constant",
        [EXPRESSION_FIELD] = "field",
        [EXPRESSION_LOCAL] = "local",
        [EXPRESSION_MEMBER] = "member",
        [EXPRESSION_OPEN_MEMBER] = "open_member",
        [EXPRESSION_OPEN_AS] = "open_as",
        [EXPRESSION_PROPERTY] = "property",
        [EXPRESSION_ELSE] = "else",
        [EXPRESSION_ADD] = "add",
        [EXPRESSION_SUBTRACT] = "subtract",
        [EXPRESSION_MULTIPLY] = "multiply",
        [EXPRESSION_NEGATE] = "negate",
        [EXPRESSION_JOIN] = "join",
        [EXPRESSION_WIDEN] = "widen",
        [EXPRESSION_LENGTH] = "length",
        [EXPRESSION_SUM] = "sum",
        [EXPRESSION_LEAST] = "least",
        [EXPRESSION_GREATEST] = "greatest",
        [EXPRESSION_LEAVES] = "leaves",
        [EXPRESSION_FOUND] = "found",
        [EXPRESSION_CONTAINS] = "contains",
        [EXPRESSION_MATCHES] = "matches",
        [EXPRESSION_REPEATS] = "repeats",
        [EXPRESSION_PAST_NUMBER] = "past_number",
        [EXPRESSION_PAST_LATEST] = "past_latest",
        [EXPRESSION_EARLIER] = "earlier",
        [EXPRESSION_ASK] = "ask",
        [EXPRESSION_LABELLED] = "labelled",
        [EXPRESSION_NOTE] = "note",
        [EXPRESSION_FROM] = "from",
        [EXPRESSION_FACTS] = "facts",
        [EXPRESSION_KNOWN] = "known",
        [EXPRESSION_RUNS] = "runs",
        [EXPRESSION_UNKNOWN] = "unknown",
        [EXPRESSION_WITHIN] = "within",
        [EXPRESSION_TRUTH] = "truth",
        [EXPRESSION_EQUAL] = "equal",
        [EXPRESSION_LESS] = "less",
        [EXPRESSION_LESS_EQUAL] = "less_equal",
        [EXPRESSION_IN_SET] = "in_set",
        [EXPRESSION_IN_LIST] = "in_list",
        [EXPRESSION_STARTS] = "starts",
        [EXPRESSION_ENDS] = "ends",
        [EXPRESSION_INSIDE] = "inside",
        [EXPRESSION_PRESENT] = "present",
        [EXPRESSION_ANY] = "any",
        [EXPRESSION_ALL] = "all",
        [EXPRESSION_NOT] = "not",
        [EXPRESSION_AND] = "and",
        [EXPRESSION_OR] = "or",
    };
    return word(words, sizeof words / sizeof *words, (size_t)kind);
}

const char *property_word(uint32_t property)
{
    static const char *const words[] = {
        [CST_PROPERTY_EMAIL_LOCAL] = "local",
        [CST_PROPERTY_EMAIL_DOMAIN] = "domain",
        [CST_PROPERTY_URL_SCHEME] = "scheme",
        [CST_PROPERTY_URL_HOST] = "host",
        [CST_PROPERTY_URL_PORT] = "port",
        [CST_PROPERTY_URL_PATH] = "path",
        [CST_PROPERTY_URL_QUERY] = "query",
        [CST_PROPERTY_TIME_HOUR] = "hour",
        [CST_PROPERTY_TIME_WEEKDAY] = "weekday",
        [CST_PROPERTY_COMMAND_PROGRAMS] = "programs",
        [CST_PROPERTY_COMMAND_READS] = "reads",
        [CST_PROPERTY_COMMAND_WRITES] = "writes",
        [CST_PROPERTY_COMMAND_CONNECTS] = "connects",
    };
    return word(words, sizeof words / sizeof *words, (size_t)property);
}
