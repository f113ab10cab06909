/*
 * doc.c - `constc doc`: a policy as a page for those who have to agree with it.
 *
 * Markdown, because it is read as it is and becomes a page anywhere. What the page says is taken
 * from the checked policy and the words of its source, never paraphrased: a condition stands there
 * as it will be decided. The comment directly above a declaration is its explanation. Cells are one
 * line, and whatever Markdown or HTML would understand is escaped, for names and texts may come
 * from files that others wrote.
 */
#include <string.h>

#include "compiler/cli/outline.h"

typedef struct page {
    compilation *unit;
    const checked_policy *policy;
    const outline *list;
    buffer out;
} page;

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Text of one line, as text. An underscore inside a word means nothing in Markdown. */
static void plain(buffer *out, const char *text, size_t length)
{
    bool blank = false;
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
            blank = true;
            continue;
        }
        if (blank && out->length > 0)
            buffer_text(out, " ");
        blank = false;
        if ((unsigned char)c < 0x20 || c == 0x7f)
            buffer_text(out, "\xef\xbf\xbd");
        else if (c == '<')
            buffer_text(out, "&lt;");
        else if (c == '&')
            buffer_text(out, "&amp;");
        else {
            const bool inside =
                i > 0 && i + 1 < length && is_word(text[i - 1]) && is_word(text[i + 1]);
            if (strchr("\\`*[]|#", c) != NULL || (c == '_' && !inside))
                buffer_text(out, "\\");
            buffer_add(out, &c, 1);
        }
    }
    if (blank)
        buffer_text(out, " ");
}

/* Text of one line, as code: between more backticks than it has itself. A bar would end the cell of
 * a table all the same. */
static void code(buffer *out, const char *text)
{
    size_t longest = 0, run = 0;
    for (const char *at = text; *at != '\0'; at++) {
        run = *at == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (size_t i = 0; i <= longest; i++)
        buffer_text(out, "`");
    if (longest > 0)
        buffer_text(out, " ");
    for (const char *at = text; *at != '\0'; at++)
        if (*at == '|')
            buffer_text(out, "\\|");
        else
            buffer_add(out, (unsigned char)*at < 0x20 ? " " : at, 1);
    if (longest > 0)
        buffer_text(out, " ");
    for (size_t i = 0; i <= longest; i++)
        buffer_text(out, "`");
}

static void plain_text(buffer *out, const char *text)
{
    plain(out, text, strlen(text));
}

/* ---- comments -------------------------------------------------------------------------------- */

/* The lines above `start`, directly one on the other, that are comments; rulers between sections
 * are none. */
static void comment_above(page *page, source_range at)
{
    const source *const file = &page->unit->sources.items[at.file];
    uint32_t end = at.start;
    while (end > 0 && file->bytes[end - 1] != '\n')
        end--; /* to the beginning of the line of the declaration */
    uint32_t first = end;
    while (first > 0) {
        uint32_t line = first - 1;
        while (line > 0 && file->bytes[line - 1] != '\n')
            line--;
        uint32_t text = line;
        while (text < first && (file->bytes[text] == ' ' || file->bytes[text] == '\t'))
            text++;
        if (strncmp(file->bytes + text, "//", 2) != 0 ||
            strncmp(file->bytes + text, "// ----", 7) == 0)
            break;
        first = line;
    }
    for (uint32_t line = first; line < end;) {
        uint32_t stop = line;
        while (stop < end && file->bytes[stop] != '\n')
            stop++;
        uint32_t text = line;
        while (text < stop &&
               (file->bytes[text] == ' ' || file->bytes[text] == '\t' || file->bytes[text] == '/'))
            text++;
        plain(&page->out, file->bytes + text, stop - text);
        if (text < stop && stop + 1 < end)
            buffer_text(&page->out, " ");
        line = stop + 1;
    }
}

static bool has_comment(page *page, source_range at)
{
    const size_t before = page->out.length;
    comment_above(page, at);
    if (page->out.length == before || page->out.failed)
        return false;
    page->out.length = before;
    page->out.bytes[before] = '\0';
    return true;
}

/* ---- sections -------------------------------------------------------------------------------- */

static void defaults_write(page *page)
{
    static const char *const stages[CST_STAGE_COUNT] = {
        "what goes into a model", "what comes out of it", "what an agent plans to do",
        "what a tool answers", "what agents say to each other"};
    buffer *const out = &page->out;
    buffer_text(out, "## When no rule speaks\n\n| stage | | decision |\n|---|---|---|\n");
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++) {
        const layer_default *const one = &page->policy->layers[0].defaults[i];
        buffer_format(out, "| %s | %s | ", cst_stage_name((cst_stage)i), stages[i]);
        plain_text(out, one->verdict == CST_PERMIT ? "allow"
                        : one->verdict == CST_REQUIRE_APPROVAL
                            ? "ask"
                            : "deny, unless a permit below counts");
        for (uint32_t k = 0; k < one->who_count; k++) {
            buffer_text(out, k == 0 ? " " : " or ");
            plain_text(out, one->who[k]);
        }
        buffer_text(out, " |\n");
    }
}

static void rule_write(page *page, const outline_item *item)
{
    buffer *const out = &page->out;
    buffer_text(out, "- **");
    plain_text(out, item->name);
    buffer_text(out, "** (");
    plain_text(out, item->place);
    buffer_text(out, ")");
    if (item->aspects[ASPECT_STANDING][0] != '\0') {
        buffer_text(out, ", *");
        plain_text(out, item->aspects[ASPECT_STANDING]);
        buffer_text(out, "*");
    }
    if (has_comment(page, item->range)) {
        buffer_text(out, ": ");
        comment_above(page, item->range);
    }
    buffer_text(out, "\n");
    static const struct {
        outline_aspect aspect;
        const char *word;
    } lines[] = {{ASPECT_SCOPE, "on"},
                 {ASPECT_CONDITION, "when"},
                 {ASPECT_EFFECT, "then"},
                 {ASPECT_WORDING, "because"}};
    for (uint32_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *text = item->aspects[lines[i].aspect];
        if (lines[i].aspect == ASPECT_WORDING) { /* the principle stands above */
            text = strncmp(text, "under ", 6) == 0 ? text + 6 + strcspn(text + 6, " ") : text;
            text += strspn(text, " ");
            text = strncmp(text, "because ", 8) == 0 ? text + 8 : text;
        }
        if (text[0] == '\0' || (lines[i].aspect == ASPECT_CONDITION && strcmp(text, "true") == 0))
            continue;
        buffer_format(out, "  - %s ", lines[i].word);
        code(out, text);
        buffer_text(out, "\n");
    }
}

/* The rules of one principle (CST_NONE: of none), or with another `kind` the permits and waivers.
 * Answers how many. */
static uint32_t rules_write(page *page, ast_kind kind, uint32_t principle, const char *heading)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < page->list->count; i++) {
        const outline_item *const item = &page->list->items[i];
        if (item->declared != kind || item->aspects[ASPECT_SCOPE] == NULL ||
            (kind == AST_RULE && item->principle != principle))
            continue;
        if (count++ == 0)
            buffer_text(&page->out, heading);
        rule_write(page, item);
    }
    return count;
}

static void principles_write(page *page)
{
    buffer *const out = &page->out;
    for (uint32_t i = 0; i < page->policy->principles.count; i++) {
        const principle *const one = &page->policy->principles.items[i];
        buffer_text(out, "\n## Principle: ");
        plain_text(out, one->name);
        buffer_text(out, "\n\n");
        plain_text(out, one->text);
        for (uint32_t k = 0; k < one->map_count; k++) {
            buffer_text(out, k == 0 ? "  \nMaps to " : ", ");
            plain_text(out, one->maps[k]);
        }
        buffer_text(out, "\n");
        if (rules_write(page, AST_RULE, i, "\n") == 0)
            buffer_text(out, "\nNo rule stands under it.\n");
    }
}

/* Declarations of one kind as their source, each a line of a list. */
static void sources_write(page *page, const char *heading, ast_kind kind)
{
    buffer *const out = &page->out;
    uint32_t count = 0;
    for (uint32_t i = 0; i < page->list->count; i++) {
        const outline_item *const item = &page->list->items[i];
        if (item->declared != kind || strcmp(item->kind, "file") == 0)
            continue;
        if (count++ == 0)
            buffer_text(out, heading);
        buffer_text(out, "- ");
        if (has_comment(page, item->range)) {
            comment_above(page, item->range);
            buffer_text(out, "  \n  ");
        }
        code(out, source_excerpt(page->unit, item->range));
        buffer_text(out, "\n");
    }
}

static void tools_write(page *page)
{
    buffer *const out = &page->out;
    const checked_policy *const policy = page->policy;
    if (policy->tools.count < 2)
        return;
    buffer_text(out, "\n## Tools\n\n| tool | tags | arguments |\n|---|---|---|\n");
    for (uint32_t i = 1; i < policy->tools.count; i++) {
        const tool *const one = &policy->tools.items[i];
        buffer_text(out, "| ");
        plain_text(out, one->name);
        buffer_text(out, " | ");
        for (uint32_t k = 0; k < one->tag_count; k++) {
            buffer_text(out, k == 0 ? "" : ", ");
            plain_text(out, one->tags[k]);
        }
        buffer_text(out, " | ");
        for (uint32_t k = 0; one->parameters != NULL && k < one->parameters->field_count; k++) {
            buffer_text(out, k == 0 ? "" : ", ");
            plain_text(out, one->parameters->fields[k].name);
            buffer_text(out, one->parameters->fields[k].optional ? "?" : "");
        }
        buffer_text(out, one->parameters == NULL ? "any |\n" : " |\n");
    }
}

static void tests_write(page *page)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < page->list->count; i++) {
        const outline_item *const item = &page->list->items[i];
        if (item->declared != AST_TEST)
            continue;
        buffer_text(&page->out, count++ == 0 ? "\n## What its tests hold\n\n- " : "- ");
        plain_text(&page->out, item->name);
        buffer_text(&page->out, "\n");
    }
}

static cst_status page_write(compilation *unit, void *user)
{
    (void)unit;
    page *const page = user;
    buffer *const out = &page->out;
    const layer *const own = &page->policy->layers[0];
    buffer_text(out, "# ");
    plain_text(out, own->name);
    if (own->version[0] != '\0') {
        buffer_text(out, " ");
        plain_text(out, own->version);
    }
    buffer_text(out, "\n\n");
    /* what the file begins with */
    if (page->list->count > 0 && has_comment(page, page->list->items[0].range)) {
        comment_above(page, page->list->items[0].range);
        buffer_text(out, "\n\n");
    }
    for (uint32_t i = 1; i < page->policy->layer_count; i++) {
        buffer_text(out, i == 1 ? "It stands on " : ", ");
        plain_text(out, page->policy->layers[i].name);
        buffer_text(out, i + 1 == page->policy->layer_count ? ".\n\n" : "");
    }
    buffer_text(out, "Of the rules that apply the strictest decides. A condition that cannot be "
                     "decided makes a rule fire, and a permit not count.\n\n");
    defaults_write(page);
    principles_write(page);
    rules_write(page, AST_RULE, CST_NONE,
                page->policy->principles.count > 0 ? "\n## Rules under no principle\n\n"
                                                   : "\n## Rules\n\n");
    rules_write(page, AST_PERMIT, CST_NONE, "\n## Permits\n\n");
    rules_write(page, AST_WAIVE, CST_NONE, "\n## Waivers\n\n");
    tools_write(page);
    sources_write(page, "\n## Context that the service gives\n\n", AST_CONTEXT);
    sources_write(page, "\n## Host predicates\n\n", AST_EXTERN);
    sources_write(page, "\n## Sets\n\n", AST_SET_DECL);
    sources_write(page, "\n## Patterns\n\n", AST_PATTERN);
    tests_write(page);
    return CST_OK;
}

int command_doc(const cli_arguments *arguments)
{
    const char *const path = arguments->words[0];
    compilation *unit = NULL;
    outline list = {0};
    int exit_code = EXIT_GOOD;
    if (outline_read(path, DRIVER_CHECK, &unit, &list, &exit_code)) {
        page page = {.unit = unit, .policy = unit->checked, .list = &list};
        buffer_init(&page.out, NULL, 0);
        const cst_status status = driver_protect(unit, page_write, &page);
        if (status != CST_OK || page.out.failed) {
            complain("%s: %s", path, cst_status_text(status != CST_OK ? status : CST_NO_MEMORY));
            exit_code = EXIT_USAGE;
        } else
            out_bytes(page.out.bytes, page.out.length);
        buffer_free(&page.out);
    }
    driver_end(unit);
    outline_free(&list);
    return exit_code;
}
