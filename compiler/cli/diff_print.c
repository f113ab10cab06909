/*
 * diff_print.c - how `constc diff` tells what it found: lines for people, or one JSON object.
 *
 * Text of the policies is shown on one line and without controls, as everything from a file is.
 */
#include <string.h>

#include "compiler/cli/diff.h"

enum { SHOWN_COLUMNS = 110 };

static const char *const aspect_words[ASPECT_COUNT] = {"applies to", "condition", "effect",
                                                       "standing", "wording"};

/* "looser" and its like as people would say it of a change. */
static const char *const judgements[] = {"decides as before", "stricter", "looser",
                                         "stricter or looser"};

static void shown(buffer *out, const char *text)
{
    show_text(out, text, strlen(text), SHOWN_COLUMNS);
}

static void line_end(buffer *line)
{
    out_line(line);
    buffer_free(line);
}

static void heading_text(const diff_change *change)
{
    const outline_item *const item = change->new != NULL ? change->new : change->old;
    buffer line;
    buffer_init(&line, NULL, 0);
    buffer_format(&line, "%s %s ",
                  change->old == NULL   ? "+"
                  : change->new == NULL ? "-"
                                        : "~",
                  item->kind);
    shown(&line, item->name);
    buffer_text(&line, "  (");
    shown(&line, item->place);
    buffer_format(&line, ")  %s", judgements[change->direction]);
    line_end(&line);
}

static void aspect_line(const char *word, const char *sign, const char *text)
{
    buffer line;
    buffer_init(&line, NULL, 0);
    buffer_format(&line, "    %-10s %s ", word, sign);
    shown(&line, text[0] == '\0' ? "(none)" : text);
    line_end(&line);
}

/* The entries of `of` that `from` does not have; false: there are none. */
static bool entries_shown(buffer *out, const outline_item *of, const outline_item *from, bool json)
{
    bool any = false;
    for (uint32_t i = 0; i < of->entry_count; i++) {
        if (!diff_entry_missing(from, of->entries[i]))
            continue;
        buffer_text(out, any ? (json ? "," : ", ") : "");
        if (json)
            buffer_json_string(out, of->entries[i], strlen(of->entries[i]));
        else
            buffer_text(out, of->entries[i]);
        any = true;
    }
    return any;
}

static void entries_text(const diff_change *change)
{
    const outline_item *const sides[] = {change->old, change->new};
    const char *word = "entries";
    for (uint32_t i = 0; i < 2; i++) {
        buffer text;
        buffer_init(&text, NULL, 0);
        if (entries_shown(&text, sides[i], sides[1 - i], false)) {
            aspect_line(word, i == 0 ? "-" : "+", text.bytes);
            word = "";
        }
        buffer_free(&text);
    }
}

static void change_text(const diff_change *change)
{
    heading_text(change);
    if (change->old != NULL && change->new != NULL)
        entries_text(change);
    for (uint32_t i = 0; i < ASPECT_COUNT; i++) {
        const char *const old = change->old == NULL ? NULL : change->old->aspects[i];
        const char *const new = change->new == NULL ? NULL : change->new->aspects[i];
        if (old != NULL && new != NULL && strcmp(old, new) != 0) {
            aspect_line(aspect_words[i], "-", old);
            aspect_line("", "+", new);
        } else if ((old == NULL) != (new == NULL) &&
                   (i == ASPECT_SCOPE || i == ASPECT_CONDITION || i == ASPECT_EFFECT))
            aspect_line(aspect_words[i], old == NULL ? "+" : "-", old == NULL ? new : old);
    }
}

static void member_side(buffer *out, const char *name, const char *text)
{
    buffer_format(out, ",\"%s\":", name);
    if (text == NULL)
        buffer_text(out, "null");
    else
        buffer_json_string(out, text, strlen(text));
}

static void change_json(bool first, const diff_change *change)
{
    const outline_item *const item = change->new != NULL ? change->new : change->old;
    buffer line;
    buffer_init(&line, NULL, 0);
    buffer_format(&line, "%s{\"change\":\"%s\",\"kind\":\"%s\"", first ? "" : ",",
                  change->old == NULL   ? "added"
                  : change->new == NULL ? "removed"
                                        : "changed",
                  item->kind);
    member_side(&line, "name", item->name);
    member_side(&line, "old_place", change->old == NULL ? NULL : change->old->place);
    member_side(&line, "new_place", change->new == NULL ? NULL : change->new->place);
    buffer_format(&line, ",\"direction\":\"%s\",\"aspects\":[",
                  diff_direction_word(change->direction));
    bool begun = false;
    for (uint32_t i = 0; i < ASPECT_COUNT; i++) {
        const char *const old = change->old == NULL ? NULL : change->old->aspects[i];
        const char *const new = change->new == NULL ? NULL : change->new->aspects[i];
        if (old == new || (old != NULL && new != NULL &&strcmp(old, new) == 0))
            continue;
        buffer_format(&line, "%s{\"aspect\":\"%s\"", begun ? "," : "", aspect_words[i]);
        member_side(&line, "old", old);
        member_side(&line, "new", new);
        buffer_text(&line, "}");
        begun = true;
    }
    buffer_text(&line, "]");
    if (change->old != NULL && change->new != NULL &&
        change->old->entry_count + change->new->entry_count > 0) {
        buffer_text(&line, ",\"entries\":{\"removed\":[");
        entries_shown(&line, change->old, change->new, true);
        buffer_text(&line, "],\"added\":[");
        entries_shown(&line, change->new, change->old, true);
        buffer_text(&line, "]}");
    }
    buffer_text(&line, "}");
    line_end(&line);
}

void diff_print_begin(bool json)
{
    if (json)
        out_text("{\"changes\":[\n");
}

void diff_print_change(bool json, bool first, const diff_change *change)
{
    if (json)
        change_json(first, change);
    else
        change_text(change);
}

void diff_print_events(bool json)
{
    if (json)
        out_text("],\"decisions\":[\n");
}

void diff_print_decision(bool json, bool first, const char *path, const diff_decision *old,
                         const diff_decision *new)
{
    buffer line;
    buffer_init(&line, NULL, 0);
    if (!json) {
        buffer_format(&line, "%s%s:%llu  %s ", first ? "\n" : "", path,
                      (unsigned long long)new->line, cst_verdict_name(old->verdict));
        shown(&line, old->rules.bytes);
        buffer_format(&line, " -> %s ", cst_verdict_name(new->verdict));
        shown(&line, new->rules.bytes);
        line_end(&line);
        return;
    }
    buffer_format(&line, "%s{\"line\":%llu", first ? "" : ",", (unsigned long long)new->line);
    for (uint32_t i = 0; i < 2; i++) {
        const diff_decision *const side = i == 0 ? old : new;
        buffer_format(&line, ",\"%s\":{\"decision\":\"%s\",\"rules\":%s,\"onward\":%s}",
                      i == 0 ? "old" : "new", cst_verdict_name(side->verdict), side->rules.bytes,
                      side->onward.length > 0 ? side->onward.bytes : "null");
    }
    buffer_text(&line, "}");
    line_end(&line);
}

void diff_print_end(bool json, const uint32_t counts[DIFF_EITHER + 1], const diff_tally *tally)
{
    const uint32_t all =
        counts[DIFF_NEITHER] + counts[DIFF_STRICTER] + counts[DIFF_LOOSER] + counts[DIFF_EITHER];
    if (json) {
        out_format("],\"count\":{\"changes\":%u,\"stricter\":%u,\"looser\":%u,\"either\":%u,"
                   "\"neither\":%u",
                   all, counts[DIFF_STRICTER], counts[DIFF_LOOSER], counts[DIFF_EITHER],
                   counts[DIFF_NEITHER]);
        if (tally != NULL)
            out_format(",\"events\":%llu,\"events_stricter\":%llu,\"events_looser\":%llu,\"events_"
                       "as_strict\":%llu",
                       (unsigned long long)tally->events, (unsigned long long)tally->stricter,
                       (unsigned long long)tally->looser, (unsigned long long)tally->level);
        out_text("}}\n");
        return;
    }
    if (all > 0)
        out_format("\n%u changes: %u stricter, %u looser, %u that may be either, %u that decide as "
                   "before\n",
                   all, counts[DIFF_STRICTER], counts[DIFF_LOOSER], counts[DIFF_EITHER],
                   counts[DIFF_NEITHER]);
    else
        out_text("no difference\n");
    if (tally != NULL)
        out_format("%llu events: %llu decided more strictly, %llu more leniently, %llu as strictly "
                   "but otherwise\n",
                   (unsigned long long)tally->events, (unsigned long long)tally->stricter,
                   (unsigned long long)tally->looser, (unsigned long long)tally->level);
}
