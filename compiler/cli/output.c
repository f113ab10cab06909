/*
 * output.c - messages, stdout, and text that is shown to people.
 *
 * stdout has a buffer of its own, so that every write is checked in one place: a closed pipe ends
 * the program quietly, a full disk loudly. Text of events is never shown as it came: a model could
 * write escape sequences for the terminal, or turn the direction of the line around.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compiler/cli/cli.h"

enum { OUT_BYTES = 64 << 10, PLAIN_WIDTH = 100, LEAST_WIDTH = 60, MOST_WIDTH = 400 };

static char waiting[OUT_BYTES];
static size_t waiting_length;

void complain(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("constc: ", stderr);
    vfprintf(stderr, format, values);
    fputs("\n", stderr);
    va_end(values);
}

void complain_errno(const char *path)
{
    complain("%s: %s", path, strerror(errno));
}

void *checked(void *memory)
{
    if (memory != NULL)
        return memory;
    complain("out of memory");
    exit(EXIT_USAGE);
}

char *text_copy(const char *text, size_t length)
{
    char *const made = checked(malloc(length + 1));
    if (length > 0)
        memcpy(made, text, length);
    made[length] = '\0';
    return made;
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t count = write(STDOUT_FILENO, bytes, length);
        if (count >= 0) {
            bytes += count;
            length -= (size_t)count;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EPIPE)
            _exit(EXIT_GOOD);
        complain_errno("writing to stdout");
        _exit(EXIT_USAGE);
    }
}

void out_flush(void)
{
    if (fflush(stdout) != 0 && errno != EPIPE) {
        complain_errno("writing to stdout");
        _exit(EXIT_USAGE);
    }
    write_all(waiting, waiting_length);
    waiting_length = 0;
}

void out_bytes(const void *bytes, size_t length)
{
    if (length == 0)
        return; /* there need not be any bytes */
    if (length > OUT_BYTES - waiting_length) {
        write_all(waiting, waiting_length);
        waiting_length = 0;
    }
    if (length > OUT_BYTES) {
        write_all(bytes, length);
        return;
    }
    memcpy(waiting + waiting_length, bytes, length);
    waiting_length += length;
}

void out_text(const char *text)
{
    out_bytes(text, strlen(text));
}

void out_format(const char *format, ...)
{
    char small[512];
    va_list values;
    va_start(values, format);
    const int length = vsnprintf(small, sizeof small, format, values);
    va_end(values);
    if (length < 0)
        return;
    if ((size_t)length < sizeof small) {
        out_bytes(small, (size_t)length);
        return;
    }
    char *const large = malloc((size_t)length + 1);
    if (large == NULL) {
        complain("out of memory");
        _exit(EXIT_USAGE);
    }
    va_start(values, format);
    vsnprintf(large, (size_t)length + 1, format, values);
    va_end(values);
    out_bytes(large, (size_t)length);
    free(large);
}

/* ---- terminals ------------------------------------------------------------------------------- */

bool terminal_is(int descriptor)
{
    return isatty(descriptor) == 1;
}

bool colour_wanted(int descriptor)
{
    const char *const no_colour = getenv("NO_COLOR");
    const char *const term = getenv("TERM");
    return terminal_is(descriptor) && (no_colour == NULL || no_colour[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

uint32_t terminal_width(void)
{
    struct winsize size = {0};
    if (!terminal_is(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
        size.ws_col == 0)
        return PLAIN_WIDTH;
    if (size.ws_col < LEAST_WIDTH)
        return LEAST_WIDTH;
    return size.ws_col > MOST_WIDTH ? MOST_WIDTH : size.ws_col;
}

/* ---- text for people ------------------------------------------------------------------------- */

typedef struct width_row {
    uint32_t first, last;
} width_row;

static bool in_rows(const width_row *rows, uint32_t count, uint32_t point)
{
    for (uint32_t i = 0; i < count; i++)
        if (point >= rows[i].first && point <= rows[i].last)
            return true;
    return false;
}

/* Columns of a terminal that a code point takes: close enough for a table. */
static uint32_t point_width(uint32_t point)
{
    static const width_row none[] = {{0x300, 0x36F},   {0x483, 0x489},    {0x591, 0x5BD},
                                     {0x610, 0x61A},   {0x64B, 0x65F},    {0x1AB0, 0x1AFF},
                                     {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF},  {0xFE00, 0xFE0F},
                                     {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF}};
    static const width_row two[] = {{0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                                    {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    if (point < 0x300)
        return 1;
    if (in_rows(none, sizeof none / sizeof *none, point))
        return 0;
    return in_rows(two, sizeof two / sizeof *two, point) ? 2 : 1;
}

/* What must not reach a terminal: controls, invisible characters, changes of direction, line
 * separators, tags. */
bool point_is_hidden(uint32_t point)
{
    static const width_row rows[] = {{0, 0x1F},        {0x7F, 0x9F},     {0xAD, 0xAD},
                                     {0x61C, 0x61C},   {0x200B, 0x200F}, {0x2028, 0x202E},
                                     {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE007F}};
    return in_rows(rows, sizeof rows / sizeof *rows, point);
}

/* The code point at text[0]; what is no UTF-8 is one unshowable byte. */
static uint32_t point_read(const char *text, size_t length, uint32_t *size)
{
    const unsigned char first = (unsigned char)text[0];
    const uint32_t need = first < 0x80    ? 1
                          : first >= 0xF0 ? 4
                          : first >= 0xE0 ? 3
                          : first >= 0xC2 ? 2
                                          : 0;
    *size = 1;
    if (need == 1)
        return first;
    if (need == 0 || need > length)
        return 0;
    uint32_t point = need == 2 ? first & 0x1Fu : need == 3 ? first & 0x0Fu : first & 0x07u;
    for (uint32_t i = 1; i < need; i++) {
        if (((unsigned char)text[i] & 0xC0u) != 0x80u)
            return 0;
        point = point << 6 | ((unsigned char)text[i] & 0x3Fu);
    }
    *size = need;
    return point;
}

uint32_t show_text(buffer *out, const char *text, size_t length, uint32_t columns)
{
    uint32_t used = 0;
    size_t cut = out->length; /* where an ellipsis would go */
    uint32_t used_at_cut = 0;
    for (size_t at = 0; at < length;) {
        uint32_t size;
        const uint32_t point = point_read(text + at, length - at, &size);
        const bool hidden = point_is_hidden(point);
        const uint32_t width = hidden ? 1 : point_width(point);
        if (columns != 0 && used + width > columns) {
            out->length = cut;
            buffer_text(out, "…");
            return used_at_cut + 1;
        }
        if (hidden)
            buffer_text(out, " ");
        else
            buffer_add(out, text + at, size);
        used += width;
        at += size;
        if (used < columns) {
            cut = out->length;
            used_at_cut = used;
        }
    }
    return used;
}

void show_padding(buffer *out, uint32_t count)
{
    while (count-- > 0)
        buffer_text(out, " ");
}

void show_cell(buffer *out, const char *text, size_t length, uint32_t columns)
{
    const uint32_t used = show_text(out, text, length, columns - 2);
    show_padding(out, columns - used);
}

void show_percent(buffer *out, double part)
{
    buffer_format(out, part > 0 && part < 0.1 ? "%.2f %%" : "%.1f %%", part * 100);
}

void member_text(buffer *out, const char *name, const char *text)
{
    buffer_format(out, "\"%s\":", name);
    buffer_json_string(out, text, strlen(text));
}

void member_policy(buffer *out, const cst_policy *policy)
{
    buffer_text(out, "\"policy\":{");
    member_text(out, "name", cst_policy_name(policy));
    buffer_text(out, ",");
    member_text(out, "version", cst_policy_version(policy));
    buffer_text(out, ",");
    member_text(out, "hash", cst_policy_hash(policy));
    buffer_text(out, "}");
}

void out_line(buffer *line)
{
    while (line->length > 0 && line->bytes[line->length - 1] == ' ')
        line->length--;
    buffer_text(line, "\n");
    if (line->failed)
        checked(NULL);
    out_bytes(line->bytes, line->length);
    buffer_clear(line);
}
