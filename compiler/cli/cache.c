/*
 * cache.c - where the command line keeps compiled policies.
 *
 * Nowhere, unless somebody says so: what is kept is code that is run, and the first start on a
 * policy takes longer for it. A word on the command line is stronger than the environment.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/cli.h"

static char *joined(const char *folder, const char *below)
{
    buffer path;
    buffer_init(&path, NULL, 0);
    buffer_format(&path, "%s%s", folder, below);
    char *const copy = checked(path.failed ? NULL : text_copy(path.bytes, path.length));
    buffer_free(&path);
    return copy;
}

/* An absolute path, as the convention wants it; anything else counts as not set. */
static const char *folder_of(const char *variable)
{
    const char *const value = getenv(variable);
    return value != NULL && value[0] == '/' ? value : NULL;
}

char *cache_folder(const cli_arguments *arguments)
{
    const char *const named = getenv("CONSTITUTION_CACHE");
    const bool has_name = named != NULL && named[0] != '\0';
    const char *const given = arguments_value(arguments, "--cache", NULL);
    if (arguments_has(arguments, "--no-cache") || (given == NULL && !has_name))
        return NULL;
    if (given != NULL && strcmp(given, "auto") != 0)
        return joined(given, "");
    if (has_name)
        return joined(named, "");
    if (folder_of("XDG_CACHE_HOME") != NULL)
        return joined(folder_of("XDG_CACHE_HOME"), "/constitution");
    if (folder_of("HOME") != NULL)
        return joined(folder_of("HOME"), "/.cache/constitution");
    complain("--cache auto: neither CONSTITUTION_CACHE nor XDG_CACHE_HOME nor HOME says where");
    return NULL;
}
