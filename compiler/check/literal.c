/*
 * literal.c - literals: what is written is read, at compile time, as the type that the other side
 * demands.
 *
 * Texts of the identity types go through the same parsers as the fields of events
 * (runtime/identity.h), so both sides of a comparison are canonical in the same way. A literal that
 * is no value of its type could never be equal to one, which is a mistake and never meant: it is an
 * error, with the reason and, where there is one, a suggestion.
 */
#include "compiler/check/expression.h"

set_element literal_of(const ast_expression *ast)
{
    set_element element = {.kind = ast->kind, .text = ast->text, .integer = ast->integer};
    if (ast->kind == AST_PATH && ast->path.count > 0)
        element.text = ast->path.items[0];
    return element;
}

set_element literal_element(const set_element *element, bool line, const type *type)
{
    set_element literal = *element;
    if (line && type_is_number(type))
        literal.kind = AST_DECIMAL;
    return literal;
}

static const char *literal_text(checker *checker, const set_element *literal)
{
    switch (literal->kind) {
    case AST_INT: return arena_format(checker->arena, "%lld", (long long)literal->integer);
    case AST_BOOL: return literal->integer != 0 ? "true" : "false";
    case AST_DURATION: return arena_format(checker->arena, "%lldus", (long long)literal->integer);
    case AST_STRING: return arena_format(checker->arena, "\"%s\"", literal->text.bytes);
    default: return literal->text.bytes;
    }
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool more_than_six_places(const ast_text *number)
{
    const char *const point = memchr(number->bytes, '.', number->length);
    if (point == NULL)
        return false;
    const char *end = number->bytes + number->length;
    while (end > point && end[-1] == '0')
        end--;
    return end - point - 1 > 6;
}

static const char *number_read(const set_element *literal, cst_kind kind, cst_value *out,
                               diagnostic_code *code)
{
    if (literal->kind == AST_INT) {
        out->kind = (uint8_t)kind;
        if (kind == CST_KIND_INT) {
            out->as.integer = literal->integer;
        } else if (kind == CST_KIND_FLOAT) {
            out->as.number = (double)literal->integer;
        } else if (__builtin_mul_overflow(literal->integer, INT64_C(1000000), &out->as.integer)) {
            return "it is too large for a decimal";
        }
        return NULL;
    }
    if (literal->kind != AST_DECIMAL)
        return literal->kind == AST_STRING && literal->text.quoted
                   ? "a number is written without quotes"
                   : "a number is demanded";
    if (number_parse(kind, literal->text.bytes, literal->text.length, out)) {
        out->kind = (uint8_t)kind;
        return NULL;
    }
    if (kind == CST_KIND_DECIMAL && more_than_six_places(&literal->text)) {
        *code = E_DECIMAL_PLACES;
        return "a decimal has at most six places";
    }
    return kind == CST_KIND_INT ? "it is not a whole number" : "it is too large";
}

/* ---- texts ----------------------------------------------------------------------------------- */

static const char *why_no_text(cst_kind kind)
{
    switch (kind) {
    case CST_KIND_EMAIL: return "an email is written \"name@example.com\"";
    case CST_KIND_URL: return "a url is written \"https://example.com/path\"";
    case CST_KIND_HOST: return "a host is written \"example.com\" or \"192.0.2.1\"";
    case CST_KIND_PATH: return "a path is written \"/folder/file\"";
    case CST_KIND_IP: return "an ip is written \"192.0.2.1\" or \"2001:db8::1\"";
    case CST_KIND_TIME: return "a time is written \"2026-11-23T10:00:00Z\"";
    default: return "a duration is written 10m";
    }
}

static const char *text_read(checker *checker, const set_element *literal, cst_kind kind,
                             cst_value *out)
{
    if (literal->kind != AST_STRING)
        return kind == CST_KIND_STRING ? "a string stands in quotes" : why_no_text(kind);
    bool no_memory = false;
    /* The value points into the text where that is canonical already; the syntax tree lives as long
     * as the policy. */
    if (!identity_parse(kind, literal->text.bytes, literal->text.length, checker->arena, out,
                        &no_memory))
        return why_no_text(kind);
    out->kind = (uint8_t)kind;
    return NULL;
}

/* ---- names ----------------------------------------------------------------------------------- */

static uint32_t enumeration_find(const enumeration *enumeration, const ast_text *name)
{
    for (uint32_t i = 0; i < enumeration->count; i++)
        if (key_is(key_of(name), enumeration->values[i]))
            return i;
    return CST_NONE;
}

static const char *name_read(checker *checker, const set_element *literal, const type *type,
                             cst_value *out, diagnostic_code *code)
{
    if (literal->kind != AST_PATH && literal->kind != AST_STRING)
        return "a name is demanded";
    const ast_text *const name = &literal->text;
    out->kind = (uint8_t)type->kind;
    if (type->kind == CST_KIND_TOOL) {
        const uint32_t tool = tool_find(checker, name->bytes, name->length);
        *code = E_NO_SUCH_TOOL;
        if (tool == CST_NONE)
            return "no tool is called so";
        out->as.integer = tool;
        return NULL;
    }
    if (type->kind == CST_KIND_AGENT) {
        *code = E_UNKNOWN_AGENT;
        if (type->enumeration != NULL && enumeration_find(type->enumeration, name) == CST_NONE)
            return "`agents` does not declare it";
        out->as.text = arena_copy(checker->arena, name->bytes, name->length);
        out->length = out->raw_length = name->length;
        return NULL;
    }
    const uint32_t index = enumeration_find(type->enumeration, name);
    *code = E_UNKNOWN_ENUM_VALUE;
    if (index == CST_NONE)
        return arena_format(checker->arena, "the enum `%s` has no such value",
                            type->enumeration->name);
    out->as.integer = index;
    return NULL;
}

/* ---- any literal ----------------------------------------------------------------------------- */

const char *literal_try(checker *checker, const set_element *literal, const type *type,
                        cst_value *out, diagnostic_code *code)
{
    *out = (cst_value){.at = UINT32_MAX};
    *code = E_NO_SUCH_VALUE;
    const char *problem = NULL;
    switch (type->kind) {
    case CST_KIND_BOOL:
        if (literal->kind != AST_BOOL)
            return "a bool is `true` or `false`";
        out->as.integer = literal->integer;
        out->kind = CST_KIND_BOOL;
        break;
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT: problem = number_read(literal, type->kind, out, code); break;
    case CST_KIND_DURATION:
        if (literal->kind != AST_DURATION) {
            problem = text_read(checker, literal, type->kind, out);
            break;
        }
        out->as.integer = literal->integer;
        out->kind = CST_KIND_DURATION;
        break;
    case CST_KIND_STRING:
    case CST_KIND_TIME:
    case CST_KIND_EMAIL:
    case CST_KIND_URL:
    case CST_KIND_HOST:
    case CST_KIND_PATH:
    case CST_KIND_IP:
    case CST_KIND_COMMAND: problem = text_read(checker, literal, type->kind, out); break;
    case CST_KIND_ENUM:
    case CST_KIND_AGENT:
    case CST_KIND_TOOL: problem = name_read(checker, literal, type, out, code); break;
    default: problem = "a constant cannot be of this type"; break;
    }
    out->at = UINT32_MAX;
    out->at_length = 0;
    return problem;
}

static void suggest_name(checker *checker, diagnostic *diagnostic, const set_element *literal,
                         source_range range, const type *type)
{
    const char *const *names = NULL;
    uint32_t count = 0;
    if (type->kind == CST_KIND_TOOL) {
        const char **const tools =
            arena_array(checker->arena, checker->policy->tools.count, sizeof *tools);
        for (uint32_t i = 1; i < checker->policy->tools.count; i++)
            tools[count++] = checker->policy->tools.items[i].name;
        names = tools;
    } else if (type->enumeration != NULL) {
        names = type->enumeration->values;
        count = type->enumeration->count;
        if (type->enumeration->range.end > type->enumeration->range.start)
            diagnostic_note_at(checker->compilation, diagnostic, type->enumeration->range,
                               type->kind == CST_KIND_AGENT ? "the agents are declared here"
                                                            : "its values are declared here");
    }
    const char *const near = diagnostic_nearest(literal->text.bytes, names, count);
    if (near == NULL)
        return;
    diagnostic_label(checker->compilation, diagnostic, "did you mean `%s`?", near);
    const char *const edit =
        literal->kind == AST_STRING ? arena_format(checker->arena, "\"%s\"", near) : near;
    diagnostic_mend(checker->compilation, diagnostic, range, edit, "write `%s`", edit);
}

/* What was probably meant by a literal that is no value of the type. */
static void suggest_form(checker *checker, diagnostic *diagnostic, const set_element *literal,
                         source_range range, const type *type)
{
    compilation *const compilation = checker->compilation;
    set_element other = *literal;
    cst_value value;
    diagnostic_code code;
    if (diagnostic->code == E_DECIMAL_PLACES) {
        diagnostic_mend(compilation, diagnostic, range, NULL,
                        "round it to six places, or declare the field as float");
    } else if (literal->kind == AST_STRING && type_is_number(type)) {
        other.kind = AST_DECIMAL; /* the same without quotes */
        if (literal->text.quoted && literal_try(checker, &other, type, &value, &code) == NULL)
            diagnostic_mend(compilation, diagnostic, range, literal->text.bytes, "write `%s`",
                            literal->text.bytes);
    } else if (literal->kind != AST_STRING && type_is_text(type)) {
        other.kind = AST_STRING;
        other.text.bytes = source_excerpt(compilation, range);
        other.text.length = (uint32_t)strlen(other.text.bytes);
        const char *const quoted = arena_format(checker->arena, "\"%s\"", other.text.bytes);
        if (literal_try(checker, &other, type, &value, &code) == NULL)
            diagnostic_mend(compilation, diagnostic, range, quoted, "write `%s`", quoted);
    } else if (literal->kind == AST_STRING &&
               (type->kind == CST_KIND_EMAIL || type->kind == CST_KIND_URL) &&
               literal_try(checker, literal, type_scalar(checker, CST_KIND_HOST, 0), &value,
                           &code) == NULL) {
        diagnostic_mend(compilation, diagnostic, range, NULL,
                        "to compare only that, put `.%s` behind the field",
                        type->kind == CST_KIND_EMAIL ? "domain" : "host");
    }
}

bool literal_read(checker *checker, unit *unit, const set_element *literal, source_range range,
                  const type *type, cst_value *out)
{
    (void)unit;
    diagnostic_code code;
    const char *const problem = literal_try(checker, literal, type, out, &code);
    if (problem == NULL)
        return true;
    if (code == E_NO_SUCH_TOOL || code == E_UNKNOWN_AGENT || code == E_UNKNOWN_ENUM_VALUE) {
        const char *const what = code == E_NO_SUCH_TOOL ? "no tool is called"
                                 : code == E_UNKNOWN_AGENT
                                     ? "no agent is called"
                                     : arena_format(checker->arena, "the enum `%s` has no value",
                                                    type->enumeration->name);
        diagnostic *const d =
            check_report(checker, code, range, "%s `%s`", what, literal->text.bytes);
        suggest_name(checker, d, literal, range, type);
        return false;
    }
    diagnostic *const d =
        check_report(checker, code, range, "`%s` is not %s: %s", literal_text(checker, literal),
                     type_with_article(checker, type), problem);
    suggest_form(checker, d, literal, range, type);
    return false;
}
