/*
 * random_host.c - see random_host.h. Of ten questions about one fails, one is answered by what is
 * no value of its type, and some are left for later.
 */
#include "tests/differential/random_host.h"

#include <string.h>

#include "runtime/base/hash.h"

typedef struct kind {
    const char *name;
    const char *answers[6];
} kind;

static const kind kinds[] = {
    {"h_bool", {"true", "false", "true", "false", "1", "null"}},
    {"h_float", {"0.9", "0.1", "0.5", "1e300", "\"high\"", "0.75"}},
    {"h_count", {"0", "1", "2", "9223372036854775807", "1.5", "[]"}},
    {"h_colour", {"\"red\"", "\"green\"", "\"blue\"", "\"red\"", "\"pink\"", "{"}},
    {"h_text",
     {"\"abc\"", "\"\"", "\"a\"", "\"zz\"", "\"this is longer than its type allows\"", "\"x y\""}},
};

static uint64_t hash_of(const cst_question *question)
{
    return cst_hash_seeded(question->arguments, question->arguments_length,
                           cst_hash_seeded(question->predicate, strlen(question->predicate), 7));
}

static void answer(cst_context *context, const cst_question *question)
{
    const uint64_t hash = hash_of(question);
    const char *const dot = strrchr(question->predicate, '.'); /* of the upper file */
    const char *const name = dot ? dot + 1 : question->predicate;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) != 0)
            continue;
        const char *const text = kinds[i].answers[(hash >> 8) % 6];
        if (hash % 10 == 0)
            cst_answer_fails(context, question->id);
        else
            cst_answer(context, question->id, text, strlen(text));
    }
}

void random_host_answer(void *user, cst_context *context, const cst_question *questions,
                        uint32_t count)
{
    const random_host *const host = user;
    for (uint32_t i = 0; i < count; i++)
        if (!host->lazy || (hash_of(&questions[i]) ^ host->seed) % 5 != 0)
            answer(context, &questions[i]);
}

void random_host_later(cst_context *context, const cst_decision *decision)
{
    cst_question question;
    cst_question all[64];
    uint32_t count = 0;
    while (count < 64 && count < decision->question_count &&
           cst_decision_question(decision, count, &question) == CST_OK)
        all[count++] = question;
    for (uint32_t i = count; i-- > 0;)
        answer(context, &all[i]);
}
