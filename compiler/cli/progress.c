/*
 * progress.c - see progress.h. The clock is asked once in EVENTS_A_LOOK events, since a decision
 * takes less time than a hundred looks at a clock would.
 */
#include "compiler/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compiler/cli/cli.h"

enum { EVENTS_A_LOOK = 64, NANOSECONDS_A_LINE = 100000000, NANOSECONDS_A_SECOND = 1000000000 };

int64_t clock_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NANOSECONDS_A_SECOND + now.tv_nsec;
}

void progress_begin(run_progress *progress)
{
    memset(progress, 0, sizeof *progress);
    /* Where decisions scroll over the same terminal, they are the progress. */
    progress->shown = terminal_is(STDERR_FILENO) && !terminal_is(STDOUT_FILENO);
    progress->began = progress->printed_at = clock_nanoseconds();
}

void progress_event(run_progress *progress, uint64_t bytes)
{
    progress->events++;
    if (!progress->shown || progress->events % EVENTS_A_LOOK != 0)
        return;
    const int64_t now = clock_nanoseconds();
    if (now - progress->printed_at < NANOSECONDS_A_LINE)
        return;
    progress->printed_at = now;
    progress->printed = true;
    const double seconds = (double)(now - progress->began) / NANOSECONDS_A_SECOND;
    fprintf(stderr, "\rconstc: %llu events, %.1f MB, %.0f events/s \033[K",
            (unsigned long long)progress->events, (double)bytes / 1e6,
            (double)progress->events / seconds);
    fflush(stderr);
}

void progress_end(run_progress *progress)
{
    if (progress->printed)
        fputs("\r\033[K", stderr);
}
