/*
 * bench_access.c - the policy of CEL's micro-benchmark, written by hand in C: the floor for
 * whatever compiles it. A contestant.
 *
 *     bench_access STORE
 *
 * The three strings stand ready with their lengths, as a service would have them that wrote its
 * policy in C. The store is the one of tests/bench/workloads/access.py; every answer is checked
 * first.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/contestant.h"

enum { MOST_REQUESTS = 4096, ROOM = 4096 };

typedef struct text {
    const char *bytes;
    size_t length;
} text;

typedef struct request {
    text ip, path, token;
} request;

typedef struct requests {
    request all[MOST_REQUESTS];
    uint32_t count;
} requests;

static inline bool is(text text, const char *other, size_t length)
{
    return text.length == length && memcmp(text.bytes, other, length) == 0;
}

static inline bool starts(text text, const char *prefix, size_t length)
{
    return text.length >= length && memcmp(text.bytes, prefix, length) == 0;
}

#define IS(text, literal)     is(text, literal, sizeof literal - 1)
#define STARTS(text, literal) starts(text, literal, sizeof literal - 1)

static __attribute__((noinline)) bool permitted(const request *r)
{
    if (IS(r->ip, "10.0.1.4") || IS(r->ip, "10.0.1.5") || IS(r->ip, "10.0.1.6"))
        return false;
    if (STARTS(r->path, "v1") &&
        (IS(r->token, "v1") || IS(r->token, "v2") || IS(r->token, "admin")))
        return true;
    if (STARTS(r->path, "v2") && (IS(r->token, "v2") || IS(r->token, "admin")))
        return true;
    return STARTS(r->path, "/admin") && IS(r->token, "admin") &&
           (IS(r->ip, "10.0.1.1") || IS(r->ip, "10.0.1.2") || IS(r->ip, "10.0.1.3"));
}

static uint64_t all(void *user, int way)
{
    const requests *const requests = user;
    uint64_t total = 0;
    (void)way;
    for (uint32_t i = 0; i < requests->count; i++) {
        total += permitted(&requests->all[i]);
        CONTESTANT_BARRIER();
    }
    return total;
}

static uint64_t one(void *user, int way, uint32_t number)
{
    const requests *const requests = user;
    (void)way;
    return permitted(&requests->all[number]);
}

static text text_of(const cJSON *object, const char *name)
{
    const char *const bytes = strdup(cJSON_GetObjectItemCaseSensitive(object, name)->valuestring);
    return (text){bytes, strlen(bytes)};
}

int main(int argc, char **argv)
{
    static requests requests;
    char path[ROOM], line[ROOM], expected[MOST_REQUESTS + 2] = "";
    snprintf(path, sizeof path, "%s/expected.txt", argc > 1 ? argv[1] : ".");
    FILE *file = fopen(path, "r");
    if (!file || !fgets(expected, sizeof expected, file))
        return 1;
    fclose(file);
    snprintf(path, sizeof path, "%s/cel.jsonl", argv[1]);
    file = fopen(path, "r");
    while (file && requests.count < MOST_REQUESTS && fgets(line, sizeof line, file)) {
        cJSON *const json = cJSON_Parse(line);
        request *const request = &requests.all[requests.count];
        *request =
            (struct request){text_of(json, "ip"), text_of(json, "path"), text_of(json, "token")};
        cJSON_Delete(json);
        if (permitted(request) != (expected[requests.count++] == '1')) {
            fprintf(stderr, "bench_access: decided otherwise than expected: %s", line);
            return 1;
        }
    }
    if (requests.count == 0)
        return 1;
    const contestant contestant = {&requests, requests.count, 1, 0, {"decide"}, all, one};
    return contestant_serve(&contestant);
}
