/*
 * scan_follow.c - for streams: all patterns from all starts, a few bytes at a time.
 *
 * scan_live asks every pattern at every place, which for pieces of four bytes is nearly all that a
 * stream costs. Here nothing is asked twice. A thread is a start and the state of all patterns that
 * can begin there (scan_follow_states.c). In prose several are alive at most places, so what a byte
 * does to all of them together is noted too: their states, in order, are a crowd, and a byte takes
 * a crowd to the next in one step, after which each start has moved to its place in it. A byte that
 * is new to a crowd, or on which something is accepted, goes thread by thread.
 *
 * What a state cannot know depends on the text before a start (`after`, edges of words in scripts
 * beyond ASCII). Such parts of a state are kept apart, and asked of the text when nothing else is
 * alive. Checks are not asked, as in scan_live. An acceptance is noted with its start, generously:
 * it says that a match may begin there, and scan_list decides.
 */
#include <string.h>

#include "runtime/text/scan_follow_private.h"

/* ---- crowds ---------------------------------------------------------------------------------- */

/* The crowd of these states; 0: they are too many, or there is no room. */
static uint32_t find_crowd(scan_follower *all, const uint16_t *states, uint32_t count,
                           uint32_t before)
{
    uint32_t hash = before;
    if (count > FOLLOW_MOST)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        hash = (hash ^ states[i]) * 0x9E3779B1u;
    uint32_t *const bucket = &all->crowd_buckets[(hash ^ hash >> 15) % FOLLOW_CROWDS];
    for (uint32_t i = *bucket; i != 0; i = all->crowds[i].next)
        if (all->crowds[i].count == count && all->crowds[i].before == before &&
            memcmp(&all->members[all->crowds[i].first], states, count * sizeof *states) == 0)
            return i;
    if (all->crowd_count == FOLLOW_CROWDS || all->member_count + count > FOLLOW_MEMBERS)
        return 0;
    const uint32_t number = all->crowd_count++;
    all->crowds[number] = (follow_crowd){.first = all->member_count,
                                         .next = *bucket,
                                         .count = (uint8_t)count,
                                         .before = (uint8_t)before,
                                         .sure = count > 0 && all->states[states[0]].sure};
    memcpy(&all->members[all->member_count], states, count * sizeof *states);
    all->member_count += count;
    *bucket = number;
    return number;
}

/* Finds the crowd of the threads. */
static void gather_crowd(scan_follower *all, scan_follow *follow)
{
    uint16_t states[FOLLOW_MOST];
    follow->crowd = 0;
    if (follow->count > FOLLOW_MOST)
        return;
    for (uint32_t i = 0; i < follow->count; i++)
        states[i] = (uint16_t)follow->threads[i].state;
    follow->crowd = find_crowd(all, states, follow->count, follow->before);
    if (follow->crowd == 0) { /* others that follow have lost theirs, and begin again */
        scan_crowds_forget(all);
        follow->crowd = find_crowd(all, states, follow->count, follow->before);
    }
    follow->crowd_epoch = all->crowd_epoch;
}

/* What a thread's state is, is said by the crowd, if there is one. */
static void part_crowd(const scan_follower *all, scan_follow *follow)
{
    if (follow->crowd == 0)
        return;
    const follow_crowd *const crowd = &all->crowds[follow->crowd];
    for (uint32_t i = 0; i < follow->count; i++)
        follow->threads[i].state = all->members[crowd->first + i];
    follow->before = crowd->before;
    follow->crowd = 0;
}

static inline follow_crossing *crossings_of(const scan_follower *all, uint32_t crowd,
                                            unsigned char byte)
{
    return all->crossings[(crowd * 0x9E3779B1u + byte * 0x85EBCA6Bu) >> 12 & (FOLLOW_SETS - 1)];
}

static void note_accepted(scan_follow *follow, uint32_t start, uint32_t last)
{
    if (follow->accepted == SCAN_NONE || start < follow->accepted)
        follow->accepted = start;
    if (follow->accepted_last == SCAN_NONE || last > follow->accepted_last)
        follow->accepted_last = last;
}

/* Of which step an acceptance is: which patterns accept is asked when the text is settled. */
static void note_step(scan_follow *follow, uint32_t state, uint32_t before, unsigned char byte)
{
    const uint32_t step = scan_step(state, before, byte);
    if (follow->step_count > SCAN_MOST_STEPS)
        return;
    for (uint32_t i = follow->step_count; i-- > 0;)
        if (follow->steps[i] == step)
            return;
    if (follow->step_count < SCAN_MOST_STEPS)
        follow->steps[follow->step_count] = step;
    follow->step_count++; /* past SCAN_MOST_STEPS: too many */
}

/* What accepts on the way to the next crowd. */
__attribute__((noinline)) static void cross_accepting(const scan_follower *all, scan_follow *follow,
                                                      const follow_crossing *way, uint32_t at)
{
    const follow_crowd *const crowd = &all->crowds[follow->crowd];
    for (uint64_t left = way->accepts; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        note_accepted(follow, follow->threads[i].start, follow->threads[i].last);
        note_step(follow, all->members[crowd->first + i], 0, way->byte);
    }
    if ((way->more & FOLLOW_ROOT_ACCEPTS) != 0) {
        note_accepted(follow, at, at);
        note_step(follow, 0, crowd->before, way->byte);
    }
}

/* Moves all threads as it was noted. */
static void cross(const scan_follower *all, scan_follow *follow, const follow_crossing *way,
                  uint32_t at)
{
    scan_thread *const threads = follow->threads;
    const uint32_t merged = way->more & ~FOLLOW_ROOT_ACCEPTS;
    uint32_t lasts[FOLLOW_MERGES], kept = way->stay;
    if (way->accepts != 0 || (way->more & FOLLOW_ROOT_ACCEPTS) != 0)
        cross_accepting(all, follow, way, at);
    for (uint32_t i = 0; i < merged; i++)
        lasts[i] = threads[way->merges[i].thread].last;
    for (uint64_t left = way->kept; left != 0; left &= left - 1)
        threads[kept++] = threads[__builtin_ctzll(left)];
    for (uint32_t i = 0; i < merged; i++)
        threads[way->merges[i].place].last = lasts[i];
    if (way->root == kept)
        threads[kept++] = (scan_thread){0, at, at, SCAN_NONE};
    else if (way->root != FOLLOW_NO_PLACE)
        threads[way->root].last = at;
    follow->count = kept;
    follow->crowd = way->to;
}

/* The same where no thread moves. */
static inline void cross_quickly(scan_follow *follow, const follow_crossing *way, uint32_t at)
{
    uint32_t kept = way->stay;
    if (way->root != FOLLOW_NO_PLACE)
        follow->threads[kept++] = (scan_thread){0, at, at, SCAN_NONE};
    follow->count = kept;
    follow->crowd = way->to;
}

/* Keeps what a byte does to a crowd. */
static void note_crossing(const scan_follower *all, follow_crossing way)
{
    follow_crossing *const set = crossings_of(all, way.from, way.byte);
    while (way.stay < FOLLOW_MOST && (way.kept >> way.stay & 1) != 0)
        way.stay++;
    way.kept = way.stay < FOLLOW_MOST ? way.kept >> way.stay << way.stay : 0;
    way.simple = way.kept == 0 && way.accepts == 0 && way.more == 0 &&
                 (way.root == FOLLOW_NO_PLACE || way.root == way.stay);
    set[1] = set[0];
    set[0] = way;
}

/* ---- following ------------------------------------------------------------------------------- */

bool scan_follow_begin(const scan_database *database, scan_scratch *scratch, scan_follow *follow,
                       const char *text, uint32_t at)
{
    const scan_follower *const all = scan_follower_of(database, scratch, &follow->slot);
    follow->count = follow->crowd = follow->step_count = 0;
    follow->noted = 0;
    memset(follow->words, 0, sizeof follow->words);
    follow->accepted = follow->accepted_last = SCAN_NONE;
    follow->before = scan_before(text, at);
    follow->epoch = all ? all->epoch : 0;
    return all != NULL;
}

/* Keeps a thread, if none is in that state: what those have in common is all that comes, and the
 * first is what counts. Its place; SCAN_NONE: there are too many. */
static inline uint32_t keep_thread(scan_follower *all, scan_follow *follow, uint32_t *count,
                                   scan_thread thread)
{
    follow_state *const in = &all->states[thread.state];
    if (in->stamp == all->stamp && in->plain) {
        follow->threads[in->thread].last = thread.last;
        return in->thread;
    }
    if (*count == SCAN_MOST_THREADS)
        return SCAN_NONE;
    in->stamp = all->stamp;
    in->thread = *count;
    follow->threads[*count] = thread;
    return (*count)++;
}

/* Notes that a thread goes to a place; `own`: none was there. False: more happens than can be
 * noted. */
static inline bool note_place(follow_crossing *way, uint32_t thread, uint32_t place, bool own)
{
    if (thread >= FOLLOW_MOST)
        return false;
    if (own) {
        way->kept |= UINT64_C(1) << thread;
        return true;
    }
    const uint32_t merged = way->more & ~FOLLOW_ROOT_ACCEPTS;
    if (merged == FOLLOW_MERGES)
        return false;
    way->merges[merged].thread = (uint8_t)thread;
    way->merges[merged].place = (uint8_t)place;
    way->more++;
    return true;
}

/* One byte for all threads. False: they cannot be followed any more. */
static bool step_threads(scan_follower *all, scan_scratch *scratch, scan_follow *follow,
                         unsigned char byte, follow_crossing *way, bool *noted)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < follow->count; i++) {
        scan_thread thread = follow->threads[i];
        uint32_t next = all->steps[thread.state][byte];
        if (next == FOLLOW_UNMADE &&
            (next = scan_make_step(all, scratch, thread.state, byte)) == FOLLOW_UNMADE)
            return false;
        if (next & SCAN_ACCEPT) {
            note_accepted(follow, thread.start, thread.last);
            note_step(follow, thread.state, 0, byte);
            way->accepts |= UINT64_C(1) << i % FOLLOW_MOST;
        }
        thread.state = next & ~SCAN_ACCEPT;
        if (thread.state == 0)
            continue;
        const uint32_t before = kept, place = keep_thread(all, follow, &kept, thread);
        if (place == SCAN_NONE)
            return false;
        *noted = note_place(way, i, place, kept > before) && *noted;
    }
    follow->count = kept;
    return true;
}

/* The thread that a byte begins. */
static bool begin_thread(scan_follower *all, scan_scratch *scratch, scan_follow *follow,
                         unsigned char byte, uint32_t at, follow_crossing *way)
{
    uint32_t next = all->roots[follow->before][byte];
    if (next == FOLLOW_UNMADE &&
        (next = scan_make_root(all, scratch, (scan_context)follow->before, byte)) == FOLLOW_UNMADE)
        return false;
    if (next & SCAN_ACCEPT) {
        note_accepted(follow, at, at);
        note_step(follow, 0, follow->before, byte);
        way->more |= FOLLOW_ROOT_ACCEPTS;
    }
    next &= ~SCAN_ACCEPT;
    if (next == 0)
        return true;
    const uint32_t place =
        keep_thread(all, follow, &follow->count, (scan_thread){next, at, at, SCAN_NONE});
    way->root = (uint8_t)place;
    return place != SCAN_NONE;
}

/* One byte, thread by thread, and what it does to the crowd is noted. */
__attribute__((noinline)) static bool follow_byte(scan_follower *all, scan_scratch *scratch,
                                                  scan_follow *follow, unsigned char byte,
                                                  uint32_t at, bool begins)
{
    bool noted = begins && follow->crowd != 0;
    follow_crossing way = {.from = (uint16_t)follow->crowd, .byte = byte, .root = FOLLOW_NO_PLACE};
    part_crowd(all, follow);
    if (++all->stamp == 0) {
        for (uint32_t i = 0; i < all->state_count; i++)
            all->states[i].stamp = 0;
        all->stamp = 1;
    }
    if (!step_threads(all, scratch, follow, byte, &way, &noted) ||
        (begins && !begin_thread(all, scratch, follow, byte, at, &way)))
        return false;
    follow->before = byte == '\n'         ? CONTEXT_LINE
                     : scan_is_word(byte) ? CONTEXT_WORD
                                          : CONTEXT_OTHER;
    const uint32_t epoch = all->crowd_epoch;
    gather_crowd(all, follow);
    way.to = (uint16_t)follow->crowd;
    if (noted && way.to != 0 && epoch == all->crowd_epoch)
        note_crossing(all, way);
    return true;
}

/* The states that are followed; NULL: they were dropped. */
static inline scan_follower *followed(const scan_database *database, const scan_scratch *scratch,
                                      const scan_follow *follow)
{
    scan_follower *const all = scratch->followers[follow->slot];
    return all && all->database == database && follow->epoch == all->epoch &&
                   (follow->crowd == 0 || follow->crowd_epoch == all->crowd_epoch)
               ? all
               : NULL;
}

bool scan_follow_feed(const scan_database *database, scan_scratch *scratch, scan_follow *follow,
                      const char *bytes, uint32_t length, uint32_t base, uint32_t first)
{
    scan_follower *const all = followed(database, scratch, follow);
    if (!all)
        return false;
    for (uint32_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        const follow_crossing *way = crossings_of(all, follow->crowd, byte);
        if (way->from != follow->crowd || way->byte != byte)
            way++;
        if (i >= first && follow->crowd != 0 && way->from == follow->crowd && way->byte == byte) {
            if (way->simple)
                cross_quickly(follow, way, base + i);
            else
                cross(all, follow, way, base + i);
        } else if (!follow_byte(all, scratch, follow, byte, base + i, i >= first)) {
            if (scan_follower_is_full(all))
                scan_follower_forget(scratch, all);
            follow->epoch = 0;
            return false;
        }
    }
    return true;
}

/* Notes where words begin in the text up to `end`, by their first two letters. */
static void note_words(scan_follow *follow, const char *text, uint32_t end)
{
    for (; follow->noted < end; follow->noted++) {
        const uint32_t at = follow->noted;
        const uint32_t pair = scan_letters(text[at], text[at + 1]);
        if (pair != SCAN_NONE && (at == 0 || !scan_is_word((unsigned char)text[at - 1])))
            follow->words[pair] = at + 1;
    }
}

/* Whether a start is behind one of a pattern's `after` words, which of most patterns is known from
 * the first letters of the words that stand before. */
static bool is_after(scan_follow *follow, scan_try *with, const scan_pattern_row *row,
                     uint32_t start)
{
    const struct scan_afters *const afters =
        &with->database->afters[row - with->database->patterns];
    if (row->after.count == 0)
        return true;
    const uint32_t from = scan_characters_before(with->text, start, row->after_within);
    note_words(follow, with->text, start);
    bool some = afters->odd;
    for (uint32_t i = 0; i < afters->count && !some; i++)
        some = follow->words[afters->first[i]] > from;
    return some && scan_is_after(with, row, start);
}

/* Whether some part of a state is alive that hangs on the text before its start. */
static bool is_alive(const scan_follower *all, scan_follow *follow, scan_try *with,
                     const follow_state *state, scan_thread *thread)
{
    for (uint32_t i = 0; i < state->count; i++) /* the one that was alive before */
        if (all->parts[state->first + i].pattern == thread->alive)
            return true;
    for (uint32_t i = 0; i < state->count; i++) {
        const uint32_t number = all->parts[state->first + i].pattern;
        const scan_pattern_row *const row = &all->database->patterns[number];
        /* its state says that it is, if the words before it are there */
        const bool automaton = row->kind == SCAN_AUTOMATON;
        if (!(automaton ? is_after(follow, with, row, thread->start)
                        : scan_is_alive(with, row, thread->start)) &&
            !with->unknown)
            continue;
        thread->alive = automaton ? number : SCAN_NONE;
        return true;
    }
    return false;
}

/* The first threads are dead, and stay it. */
static void drop_threads(scan_follower *all, scan_follow *follow, uint32_t count)
{
    if (count == 0)
        return;
    follow->count -= count;
    memmove(follow->threads, follow->threads + count, follow->count * sizeof *follow->threads);
    if (follow->crowd == 0)
        return;
    follow_crowd *const crowd = &all->crowds[follow->crowd];
    if (crowd->fewer == 0 || crowd->without != count) {
        const uint32_t fewer =
            find_crowd(all, &all->members[crowd->first + count], follow->count, crowd->before);
        crowd->fewer = fewer;
        crowd->without = (uint8_t)count;
    }
    if (crowd->fewer != 0) {
        follow->crowd = crowd->fewer;
        return;
    }
    for (uint32_t i = 0; i < follow->count; i++) /* there is no room for another crowd */
        follow->threads[i].state = all->members[crowd->first + count + i];
    follow->before = crowd->before;
    follow->crowd = 0;
}

uint32_t scan_follow_live(const scan_database *database, scan_scratch *scratch, scan_follow *follow,
                          const char *text, uint32_t length, uint32_t otherwise, bool *unsure)
{
    scan_follower *const all = followed(database, scratch, follow);
    if (!all) {
        *unsure = true;
        return otherwise;
    }
    if (follow->count == 0)
        return otherwise;
    if (follow->crowd != 0 && all->crowds[follow->crowd].sure)
        return follow->threads[0].start;
    for (uint32_t i = 0; i < follow->count; i++) {
        scan_thread *const thread = &follow->threads[i];
        const uint32_t number =
            follow->crowd == 0 ? thread->state : all->members[all->crowds[follow->crowd].first + i];
        const follow_state *const state = &all->states[number];
        scan_try with = {database, scratch, text, length, scan_steps_for(length), false};
        *unsure = *unsure || (!state->sure && !text);
        if (state->sure || *unsure || is_alive(all, follow, &with, state, thread)) {
            otherwise = thread->start;
            drop_threads(all, follow, i);
            return otherwise;
        }
    }
    drop_threads(all, follow, follow->count); /* what is dead once stays dead */
    return otherwise;
}

/* The patterns that accept on a step. Most steps that accept are few patterns', and come again. */
static void add_accepts(scan_follower *all, scan_scratch *scratch, uint32_t step, uint64_t *bits)
{
    follow_accepts *const known = &all->accepts[(step * 0x9E3779B1u >> 16) % FOLLOW_ACCEPTS];
    if (known->step != step || known->count == 0) {
        known->step = step;
        known->count = scan_step_accepts(all, scratch, step, known->patterns, bits);
        return;
    }
    for (uint32_t i = 0; i < known->count; i++)
        bits[known->patterns[i] / 64] |= UINT64_C(1) << (known->patterns[i] % 64);
}

bool scan_follow_accepts(const scan_database *database, scan_scratch *scratch,
                         const scan_follow *follow, uint64_t *bits)
{
    scan_follower *const all = followed(database, scratch, follow);
    if (!all || follow->step_count > SCAN_MOST_STEPS)
        return false;
    memset(bits, 0, (database->head->patterns.count + 63) / 64 * sizeof *bits);
    for (uint32_t i = 0; i < follow->step_count; i++)
        add_accepts(all, scratch, follow->steps[i], bits);
    return true;
}

void scan_follow_settled(scan_follow *follow, uint32_t place)
{
    if (follow->accepted == SCAN_NONE || follow->accepted >= place)
        return;
    follow->accepted = follow->accepted_last >= place ? place : SCAN_NONE;
    if (follow->accepted != SCAN_NONE)
        return;
    follow->accepted_last = SCAN_NONE;
    follow->step_count = 0;
}
