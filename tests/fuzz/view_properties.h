/*
 * view_properties.h - what holds of the views of any bytes; for the fuzz target and for the random
 * texts of the unit test.
 *
 * A property that does not hold aborts, with the text on stderr. Included by one file of a program.
 */
#ifndef CONSTITUTION_TESTS_VIEW_PROPERTIES_H
#define CONSTITUTION_TESTS_VIEW_PROPERTIES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/text/view.h"
#include "runtime/utf8.h"

typedef struct view_subject {
    const char *text;
    uint32_t length;
    const char *property; /* being looked at */
} view_subject;

static void view_demand(bool condition, const view_subject *subject, uint32_t number)
{
    if (condition)
        return;
    fprintf(stderr, "%s (%u) does not hold of: \"", subject->property, number);
    for (uint32_t i = 0; i < subject->length; i++) {
        const unsigned char c = (unsigned char)subject->text[i];
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\')
            fputc(c, stderr);
        else
            fprintf(stderr, "\\x%02x\"\"", c);
    }
    fputs("\"\n", stderr);
    abort();
}

static void view_check_map(const view_segment *segment, view_subject *subject, const bool *borders)
{
    uint32_t last_start = 0, last_end = 0, start, end;
    const char *const bytes = segment->bytes, *next = bytes, *const stop = bytes + segment->length;
    subject->property = "the map";
    while (next < stop) {
        const uint32_t from = (uint32_t)(next - bytes);
        view_demand(utf8_decode(&next, stop) <= 0x10FFFF, subject, from);
        view_original(segment, from, (uint32_t)(next - bytes), &start, &end);
        view_demand(start < end && end <= subject->length, subject, from);
        view_demand(borders[start] && borders[end], subject, from);
        view_demand(start >= last_start && end >= last_end, subject, from);
        last_start = start;
        last_end = end;
    }
    if (segment->length) {
        uint32_t all_start, all_end, first_end;
        view_original(segment, 0, segment->length, &all_start, &all_end);
        view_original(segment, 0, 1, &start, &first_end);
        view_demand(all_start == start && all_end == last_end, subject, 0);
    }
    view_original(segment, segment->length, segment->length, &start, &end);
    view_demand(start == end && end == last_end, subject, 1);
}

static void view_check_maps(view_subject *subject)
{
    bool *const borders = calloc(subject->length + 1u, sizeof *borders);
    const unsigned char *const text = (const unsigned char *)subject->text;
    for (uint32_t at = 0; at < subject->length;) {
        borders[at] = true;
        const uint32_t step = utf8_step(text + at, text + subject->length);
        at += step ? step : 1;
    }
    borders[subject->length] = true;
    for (unsigned views = 0; views < 8; views++) {
        arena memory;
        view made;
        arena_init(&memory, NULL, 0);
        subject->property = "there is a view";
        view_demand(view_make(&memory, subject->text, subject->length, views, &made) &&
                        made.count > 0,
                    subject, views);
        for (uint32_t i = 0; i < made.count; i++)
            view_check_map(&made.segments[i], subject, borders);
        arena_free(&memory);
    }
    free(borders);
}

static bool view_same(const view_segment *a, const char *bytes, uint32_t length)
{
    return a->length == length && (length == 0 || memcmp(a->bytes, bytes, length) == 0);
}

static void view_check_fold(view_subject *subject)
{
    arena memory;
    view made;
    const char *once, *twice;
    uint32_t once_length, twice_length;
    arena_init(&memory, NULL, 0);
    subject->property = "folding again changes nothing";
    view_demand(view_fold(&memory, subject->text, subject->length, &once, &once_length), subject,
                0);
    view_demand(view_fold(&memory, once, once_length, &twice, &twice_length), subject, 1);
    const view_segment first = {once, once_length, NULL};
    view_demand(view_same(&first, twice, twice_length), subject, 2);
    view_demand(view_make(&memory, subject->text, subject->length, VIEW_FOLDED, &made), subject, 3);
    view_demand(made.count == 1 && view_same(&made.segments[0], once, once_length), subject, 4);
    char few[VIEW_FEW];
    const char *const glance = view_few(subject->text, subject->length, few);
    subject->property = "what is said at a glance is the view, byte for byte";
    view_demand(!glance || (once_length == subject->length && !made.segments[0].map &&
                            memcmp(glance, once, once_length) == 0),
                subject, 5);
    arena_free(&memory);
}

/* Whether one segment is two others, end to end. */
static bool view_joined(const view_segment *whole, const view_segment *left,
                        const view_segment *right)
{
    return whole->length == left->length + right->length &&
           (left->length == 0 || memcmp(whole->bytes, left->bytes, left->length) == 0) &&
           (right->length == 0 ||
            memcmp(whole->bytes + left->length, right->bytes, right->length) == 0);
}

/* Whether the segments of a whole are those of its halves. Which of them have a form without
 * escapes cannot be seen: any reading that fits will do. */
static bool view_parted(const view *whole, const view *left, const view *right)
{
    if (!view_joined(&whole->segments[0], &left->segments[0], &right->segments[0]))
        return false;
    for (uint32_t reading = 0; reading < 4; reading++) {
        const uint32_t l = reading & 1, r = reading >> 1, w = l | r;
        if (l >= left->count || r >= right->count || w >= whole->count ||
            whole->count - 1 - w != left->count - 1 - l + right->count - 1 - r ||
            !view_joined(&whole->segments[w], &left->segments[l], &right->segments[r]))
            continue;
        bool same = true;
        uint32_t at = w + 1;
        for (uint32_t i = l + 1; i < left->count; i++, at++)
            same = same && view_same(&whole->segments[at], left->segments[i].bytes,
                                     left->segments[i].length);
        for (uint32_t i = r + 1; i < right->count; i++, at++)
            same = same && view_same(&whole->segments[at], right->segments[i].bytes,
                                     right->segments[i].length);
        if (same)
            return true;
    }
    return false;
}

/* Cuts at `at` with something else behind it. */
static void view_check_cut(view_subject *subject, uint32_t at, unsigned views, const char *behind,
                           uint32_t behind_length)
{
    arena memory;
    arena_init(&memory, NULL, 0);
    char *const text = arena_allocate(&memory, at + behind_length + 1u);
    if (at)
        memcpy(text, subject->text, at);
    memcpy(text + at, behind, behind_length);
    const uint32_t length = at + behind_length;
    const uint32_t cut = view_cut(text, length, at, views);
    const view_subject whole_subject = {text, length,
                                        "the views of the halves are the view of the whole"};
    view_demand(cut <= at && cut == view_cut(subject->text, subject->length, at, views),
                &whole_subject, at);
    view whole, left, right;
    view_demand(view_make(&memory, text, length, views, &whole) &&
                    view_make(&memory, text, cut, views, &left) &&
                    view_make(&memory, text + cut, length - cut, views, &right),
                &whole_subject, at);
    if (!whole.limited)
        view_demand(cut == 0 || view_parted(&whole, &left, &right), &whole_subject, at * 8 + views);
    arena_free(&memory);
}

static void view_check_cuts(view_subject *subject, uint32_t at)
{
    static const char *const behind[] = {
        "", "x", " b c d e", "=", "\xCC\x81", "41 ", "e", ".b.c.d x", "\xE3\x82\x99", "\nQUJDREVG"};
    for (unsigned views = 1; views < 4; views++) {
        view_check_cut(subject, at, views, subject->text + at, subject->length - at);
        for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
            view_check_cut(subject, at, views, behind[i], (uint32_t)strlen(behind[i]));
    }
}

#endif
