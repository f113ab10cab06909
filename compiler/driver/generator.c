/*
 * generator.c - the door to the code generator, which is a library of its own.
 *
 * Loading LLVM costs more than most commands do, and most never make code: so the library is opened
 * when the first code is wanted. Whoever could say where it is found would run code of his own in
 * this process. So it is looked for beside what this code itself was loaded from, as the kernel
 * knows it (/proc/self/maps: an absolute path without links, whatever argv[0], the working folder
 * and the environment say), and nowhere else; a process with raised privileges, which may have been
 * started by way of a link in a folder of somebody else, looks where the library was installed. It
 * must bear the stamp of the headers that this code was built with.
 *
 * It stays open until the process ends: code in memory is released by it.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "build_stamp.h"
#include "compiler/backend.h"

#define LIBRARY "libconstc-codegen.so"

/* ---- where ----------------------------------------------------------------------------------- */

/* The folder of the file that the running code was loaded from, with the last slash; malloc'ed. */
static char *own_folder(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return NULL;
    const uintptr_t here = (uintptr_t)&own_folder;
    char *line = NULL, *found = NULL;
    size_t room = 0;
    while (found == NULL && getline(&line, &room, maps) > 0) {
        uintptr_t first, end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &first, &end) != 2 || here < first ||
            here >= end)
            continue;
        char *path = strchr(line, '/'), *slash = strrchr(line, '/');
        if (path == NULL)
            break;
        slash[1] = '\0';
        found = strdup(path);
        break;
    }
    free(line);
    fclose(maps);
    return found;
}

static char *path_within(const char *folder, const char *within)
{
    const size_t size = strlen(folder) + strlen(within) + sizeof LIBRARY;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s%s" LIBRARY, folder, within);
    return path;
}

void backend_places(char *paths[BACKEND_PLACES])
{
    memset(paths, 0, BACKEND_PLACES * sizeof *paths);
    if (getauxval(AT_SECURE) != 0) {
        paths[0] = path_within(INSTALL_FOLDER "/", "");
        return;
    }
    char *folder = own_folder();
    if (folder == NULL)
        return;
    paths[0] = path_within(folder, ""); /* a library, or a program of the build tree */
    paths[1] = path_within(folder, FROM_PROGRAMS "/");
    free(folder);
}

static const backend_generator *open_library(const char *path)
{
    void *library = access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL)
        return NULL;
    const backend_generator *found = dlsym(library, BACKEND_GENERATOR_SYMBOL);
    if (found != NULL && strcmp(found->stamp, BUILD_STAMP) == 0)
        return found;
    dlclose(library);
    return NULL;
}

/* ---- once ------------------------------------------------------------------------------------ */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const backend_generator *generator; /* NULL after `once`: there is none */

static void look(void)
{
    char *paths[BACKEND_PLACES];
    backend_places(paths);
    for (uint32_t i = 0; i < BACKEND_PLACES; i++) {
        if (generator == NULL && paths[i] != NULL)
            generator = open_library(paths[i]);
        free(paths[i]);
    }
}

static const backend_generator *code_generator(void)
{
    pthread_once(&once, look);
    return generator;
}

static cst_status missing(char *error, size_t error_size)
{
    if (error != NULL && error_size > 0)
        snprintf(error, error_size, "%s", cst_status_text(CST_NO_GENERATOR));
    return CST_NO_GENERATOR;
}

/* ---- the calls of backend.h ------------------------------------------------------------------ */

cst_status backend_jit(compilation *unit, unsigned optimise, backend_module **out)
{
    const backend_generator *made_by = code_generator();
    return made_by != NULL ? made_by->jit(unit, optimise, out) : CST_NO_GENERATOR;
}

cst_status backend_object_make(compilation *unit, unsigned optimise, backend_object *out)
{
    const backend_generator *made_by = code_generator();
    *out = (backend_object){0};
    return made_by != NULL ? made_by->object_make(unit, optimise, out) : CST_NO_GENERATOR;
}

void backend_object_release(backend_object *object)
{
    const backend_generator *made_by = object->owner != NULL ? code_generator() : NULL;
    if (made_by != NULL)
        made_by->object_release(object);
}

cst_status backend_link(const cst_allocator *allocator, backend_object *object, const void *image,
                        size_t copied, backend_module **out)
{
    const backend_generator *made_by = code_generator();
    return made_by != NULL ? made_by->link(allocator, object, image, copied, out)
                           : CST_NO_GENERATOR;
}

cst_status backend_write(compilation *unit, backend_output output, const char *path, char *error,
                         size_t error_size)
{
    const backend_generator *made_by = code_generator();
    return made_by != NULL ? made_by->write(unit, output, path, error, error_size)
                           : missing(error, error_size);
}

cst_status backend_header(compilation *unit, const char *path, char *error, size_t error_size)
{
    const backend_generator *made_by = code_generator();
    return made_by != NULL ? made_by->header(unit, path, error, error_size)
                           : missing(error, error_size);
}

cst_status backend_text(compilation *unit, backend_output output, unsigned optimise, char **text)
{
    const backend_generator *made_by = code_generator();
    return made_by != NULL ? made_by->text(unit, output, optimise, text) : CST_NO_GENERATOR;
}

bool backend_can_link(void)
{
    const backend_generator *made_by = code_generator();
    return made_by != NULL && made_by->can_link();
}

const void *backend_address(void)
{
    return code_generator();
}
