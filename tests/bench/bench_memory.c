/*
 * bench_memory.c - allocations while decisions are made, and what is left behind by millions of
 * them.
 *
 *     bench_memory VARIANT STORE [MILLIONS] [--json FILE]
 *
 * Two counters: the allocator that the policy was given, and every malloc, calloc and realloc of
 * the process, whoever calls it, since this program defines them and hands on to the C library.
 * After one pass over the requests (a warm context) nothing of either kind may happen, typed or
 * from JSON; the resident memory is read before and after. The events bring no session: what a
 * policy remembers of sessions takes memory by design, and its bounds are printed by the compiler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/workload.h"

static uint64_t library_calls, allocator_calls, allocator_bytes;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    library_calls++;
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    library_calls++;
    return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *memory, size_t size)
{
    library_calls++;
    return __libc_realloc(memory, size);
}

static void *counted_allocate(void *user, size_t size)
{
    (void)user;
    allocator_calls++;
    allocator_bytes += size;
    return malloc(size);
}

static void *counted_resize(void *user, void *memory, size_t old_size, size_t new_size)
{
    (void)user;
    void *const moved = realloc(memory, new_size);
    allocator_calls++;
    if (moved)
        allocator_bytes += new_size - old_size;
    return moved;
}

static void counted_release(void *user, void *memory, size_t size)
{
    (void)user;
    if (memory)
        allocator_bytes -= size;
    free(memory);
}

static double resident_kilobytes(void)
{
    FILE *const file = fopen("/proc/self/statm", "r");
    long pages = 0, resident = 0;
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        exit(1);
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static uint64_t pass(workload *store, uint64_t decisions)
{
    uint64_t total = 0;
    for (uint64_t i = 0; i < decisions; i++) {
        const uint32_t number = (uint32_t)(i / 2 % store->count);
        total += i % 2 == 0 ? workload_json(store, number) : workload_typed(store, number);
    }
    return total;
}

int main(int argc, char **argv)
{
    FILE *const out = bench_json(&argc, argv);
    if (argc < 3) {
        fputs("usage: bench_memory VARIANT STORE [MILLIONS] [--json FILE]\n", stderr);
        return 2;
    }
    const uint64_t millions = argc > 3 ? strtoull(argv[3], NULL, 10) : 10;
    const cst_allocator allocator = {counted_allocate, counted_resize, counted_release, NULL};
    workload store;
    workload_load(&store, argv[2],
                  &(workload_options){
                      .variant = argv[1], .engine = CST_ENGINE_OPTIMISED, .allocator = &allocator});
    pass(&store, (uint64_t)store.count * 2);
    const double before = resident_kilobytes();
    const uint64_t library = library_calls, ours = allocator_calls, bytes = allocator_bytes;
    pass(&store, millions * 1000000);
    const double figures[] = {(double)(library_calls - library), (double)(allocator_calls - ours),
                              (double)(allocator_bytes - bytes), resident_kilobytes() - before};
    static const char *const whats[] = {"calls of malloc", "calls of the allocator",
                                        "bytes left behind", "growth of resident memory"};
    static const char *const units[] = {"calls", "calls", "bytes", "KB"};
    char about[64];
    snprintf(about, sizeof about, "%llu million decisions", (unsigned long long)millions);
    puts(about);
    for (int i = 0; i < 4; i++) {
        bench_record(out, about, "ours", whats[i], units[i], &figures[i], 1);
        printf("%-26s %10.0f %s\n", whats[i], figures[i], units[i]);
    }
    workload_free(&store);
    printf("%-26s %10llu bytes\n", "left when all is closed", (unsigned long long)allocator_bytes);
    const double left = (double)allocator_bytes;
    bench_record(out, about, "ours", "left when all is closed", "bytes", &left, 1);
    return figures[0] + figures[1] + figures[2] == 0 && allocator_bytes == 0 ? 0 : 1;
}
