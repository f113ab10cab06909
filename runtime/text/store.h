/*
 * store.h - the scan databases of one policy, each opened when a text is first looked at for it.
 *
 * Opening a database means checking every reference in it, copying the engine's part and testing
 * the engine: milliseconds, which a process that lives for one event, as an agent's hook does,
 * should only pay for what its event is scanned for. So a policy opens with a look at each head,
 * and the rest is done once, under a lock, by the first thread that asks. Equal databases, as those
 * of one detector at two stages, are opened once.
 *
 * A database that does not open stays closed: whatever asks for it is undecided, and so its rules
 * fire. scan_store_warm opens all and says what is wrong.
 *
 * Layer 2. Shared by threads.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_STORE_H
#define CONSTITUTION_RUNTIME_TEXT_STORE_H

#include "runtime/module.h"
#include "runtime/text/scan.h"

typedef struct scan_store scan_store;

/* For the databases of an image, which must outlive it. CST_NOT_A_POLICY, CST_WRONG_ABI: a head is
 * none. */
cst_status scan_store_new(const cst_image *image, const cst_allocator *allocator, scan_store **out);
void scan_store_free(scan_store *store);
/* The database of a row of image.databases, opened if it was not. NULL: it cannot be. */
const scan_database *scan_store_get(scan_store *store, uint32_t number);
/* Only if it is open already. */
const scan_database *scan_store_opened(scan_store *store, uint32_t number);
/* Opens all of them: the first status that is not CST_OK. */
cst_status scan_store_warm(scan_store *store);

#endif
