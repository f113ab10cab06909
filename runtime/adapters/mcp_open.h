/*
 * mcp_open.h - requests that wait for their answer, by the side that asked and the id.
 *
 * An answer of JSON-RPC does not say what it answers: without what stands here the answer of a tool
 * would be of no tool. Streams never end, so an entry goes with its answer, and there are bounds on
 * their number and bytes (runtime/limits.h).
 *
 * Layer 4 of the runtime. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_MCP_OPEN_H
#define CONSTITUTION_RUNTIME_ADAPTERS_MCP_OPEN_H

#include <constitution.h>

typedef enum mcp_side { MCP_UNKNOWN_SIDE, MCP_CLIENT, MCP_SERVER } mcp_side;

typedef enum mcp_what {
    MCP_SILENT,   /* its answer reaches no model */
    MCP_CALL,     /* tools/call: an action, and its answer a result */
    MCP_READ,     /* resources/read: the same */
    MCP_ANSWER,   /* tools/list, prompts/get and others: their answers are results */
    MCP_SAMPLING, /* sampling/createMessage: an input of the model, and its answer an output */
} mcp_what;

typedef struct mcp_open { /* one request; the texts are in one block behind it */
    mcp_side side;
    mcp_what what;
    const char *id, *tool, *args; /* the id as JSON; args NULL if there are none */
    uint32_t id_length, tool_length, args_length;
    size_t size; /* of the block */
} mcp_open;

typedef struct mcp_table {
    cst_allocator allocator;
    mcp_open **slots; /* open addressing, a power of two, at most half full */
    uint32_t capacity, count;
    size_t bytes;
} mcp_table;

void mcp_table_init(mcp_table *table, const cst_allocator *allocator);
void mcp_table_free(mcp_table *table);
mcp_open *mcp_table_find(const mcp_table *table, mcp_side side, const char *id, uint32_t length);
/* A copy of the request, which has no entry yet. CST_LIMIT: too much is open. */
cst_status mcp_table_add(mcp_table *table, const mcp_open *request);
void mcp_table_remove(mcp_table *table, mcp_open *request);

#endif
