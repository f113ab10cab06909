/*
 * names.h - counts by name: rules, categories, labels, kinds of trouble.
 *
 * A table of rows in the order in which their names came up, found by name. Each row starts with a
 * `named` and goes on with whatever its user counts; a pointer to a row stays good while the table
 * lives. Names come from data, so their number has a bound: past it everything is counted in one
 * row, "(others)", which the tables show like any other. Running out of memory ends the program.
 */
#ifndef CONSTITUTION_COMPILER_CLI_NAMES_H
#define CONSTITUTION_COMPILER_CLI_NAMES_H

#include <stddef.h>
#include <stdint.h>

typedef struct named {
    char *name; /* NUL-terminated */
    size_t length;
    uint64_t order; /* 0 for the first name that came up, then 1, … */
} named;

typedef struct name_table {
    void **rows; /* in order */
    uint32_t count, capacity;
    uint32_t *slots; /* number of a row and 1; 0: empty */
    uint32_t slot_count;
    uint32_t bound;  /* rows, without "(others)" */
    size_t row_size; /* its first member is a `named` */
    void *others;    /* NULL: not needed so far; it is one of the rows */
} name_table;

void names_init(name_table *table, size_t row_size, uint32_t bound);
void names_free(name_table *table);
/* The row of this name, made (zeroed) if it is new. */
void *names_row(name_table *table, const char *name, size_t length);
/* The row of this name, or NULL. */
void *names_find(const name_table *table, const char *name, size_t length);
/* Sorts the rows; the table cannot be asked for names afterwards. */
void names_sort(name_table *table, int (*compare)(const void *, const void *));

#endif
