/*
 * identity_path.c - file paths as POSIX has them.
 *
 * Canonical: `.` and empty components go, `..` takes back the component before it, a slash at the
 * end goes. An absolute path never climbs above "/". A relative path stays relative; what climbs
 * out of where it starts keeps its leading `..`; nothing left is ".". Bytes other than '/' are as
 * they are: case matters, a backslash and `~` are ordinary characters. Refused: the empty text and
 * NUL.
 *
 * This is arithmetic on text. Symbolic links are the host's knowledge: it reports them, or resolves
 * paths before it asks.
 */
#include <string.h>

#include "runtime/identity_private.h"

bool path_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory)
{
    if (length == 0 || memchr(bytes, '\0', length))
        return false;
    const bool absolute = bytes[0] == '/';
    /* Never longer than the input, but for "." from an empty rest. */
    char *const text = arena_allocate(memory, length + 1);
    if (!text) {
        *no_memory = true;
        return false;
    }
    size_t used = absolute ? 1 : 0, floor = used; /* below `floor` nothing is taken back */
    text[0] = absolute ? '/' : '.';
    for (size_t i = 0; i < length;) {
        const char *const slash = memchr(bytes + i, '/', length - i);
        const size_t end = slash ? (size_t)(slash - bytes) : length, size = end - i;
        const char *const part = bytes + i;
        i = end + 1;
        if (size == 0 || (size == 1 && part[0] == '.'))
            continue;
        const bool up = size == 2 && part[0] == '.' && part[1] == '.';
        if (up && used > floor) {
            while (used > floor && text[used - 1] != '/')
                used--;
            if (used > floor)
                used--;
            continue;
        }
        if (up && absolute)
            continue;
        if (used > (absolute ? 1u : 0u))
            text[used++] = '/';
        memcpy(text + used, part, size);
        used += size;
        if (up)
            floor = used;
    }
    if (used == 0) {
        text[0] = '.';
        used = 1;
    }
    return identity_text(CST_KIND_PATH, bytes, length, text, used, memory, out, no_memory);
}

static bool climbs(const char *path, size_t length)
{
    return length >= 2 && path[0] == '.' && path[1] == '.' && (length == 2 || path[2] == '/');
}

/* Both canonical. A path is inside itself. Relative and absolute paths are never inside one
 * another, and nothing is known of a path that climbs out of where it starts. */
bool path_is_inside(const char *path, size_t path_length, const char *folder, size_t folder_length)
{
    if (path_length == 0 || folder_length == 0)
        return false;
    const bool absolute = path[0] == '/';
    if (absolute != (folder[0] == '/') || climbs(path, path_length) ||
        climbs(folder, folder_length))
        return false;
    if (folder_length == 1 && (folder[0] == '/' || folder[0] == '.'))
        return true;
    return path_length >= folder_length && memcmp(path, folder, folder_length) == 0 &&
           (path_length == folder_length || path[folder_length] == '/');
}
