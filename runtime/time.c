/*
 * time.c - times and durations: RFC 3339 in, microseconds since 1970 out, and back.
 *
 * The calendar is the proleptic Gregorian one, computed by days; no time zone database and no C
 * library calls, whose state is the process's. A leap second (23:59:60 UTC) is the first second of
 * the next day, as POSIX counts.
 */
#include <string.h>

#include "runtime/identity_private.h"

#define SECOND INT64_C(1000000)
#define DAY    (INT64_C(86400) * SECOND)

const char *const weekday_names[7] = {"monday", "tuesday",  "wednesday", "thursday",
                                      "friday", "saturday", "sunday"};

/* Days from 1970-01-01. The year starts in March, so that the leap day is its last. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    const int64_t shifted = month <= 2 ? year - 1 : year;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    const int64_t of_era = shifted - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    const int64_t shifted = days + 719468;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t of_era = shifted - era * 146097;
    const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t march = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * march + 2) / 5 + 1);
    *month = (int)(march < 10 ? march + 3 : march - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

/* Exactly `count` digits. */
static bool read_number(const char **next, const char *end, int count, int *out)
{
    if (end - *next < count)
        return false;
    *out = 0;
    for (int i = 0; i < count; i++) {
        const char byte = (*next)[i];
        if (byte < '0' || byte > '9')
            return false;
        *out = *out * 10 + (byte - '0');
    }
    *next += count;
    return true;
}

static bool read_byte(const char **next, const char *end, char upper, char lower)
{
    if (*next == end || (**next != upper && **next != lower))
        return false;
    (*next)++;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* ".5": at most six digits, further ones must be zero. */
static bool read_fraction(const char **next, const char *end, int64_t *out)
{
    int64_t unit = SECOND;
    *out = 0;
    if (!read_byte(next, end, '.', '.'))
        return true;
    const char *const start = *next;
    for (; *next < end && **next >= '0' && **next <= '9'; (*next)++) {
        unit /= 10;
        if (unit == 0 && **next != '0')
            return false;
        *out += unit * (**next - '0');
    }
    return *next > start;
}

/* "Z", "+02:00", "-00:30" in microseconds. */
static bool read_offset(const char **next, const char *end, int64_t *out)
{
    *out = 0;
    if (read_byte(next, end, 'Z', 'z'))
        return true;
    const bool behind = *next < end && **next == '-';
    int hours, minutes;
    if (!read_byte(next, end, '+', '-') || !read_number(next, end, 2, &hours) ||
        !read_byte(next, end, ':', ':') || !read_number(next, end, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    const int64_t size = (hours * 60 + minutes) * 60 * SECOND;
    *out = behind ? -size : size;
    return true;
}

/* Two digits at once; UINT32_MAX or so if they are none. */
static inline uint32_t two(const char *text)
{
    const uint32_t tens = (uint32_t)(unsigned char)text[0] - '0',
                   ones = (uint32_t)(unsigned char)text[1] - '0';
    return tens > 9 || ones > 9 ? 1000 : 10 * tens + ones;
}

/* "2026-11-23T10:00:00Z" and nothing else, as nearly all events have it. False: look at it closely.
 */
static bool parse_plain(const char *text, int64_t *microseconds)
{
    const uint32_t century = two(text), year = two(text + 2), month = two(text + 5),
                   day = two(text + 8);
    const uint32_t hour = two(text + 11), minute = two(text + 14), second = two(text + 17);
    if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
        text[19] != 'Z')
        return false;
    if (century - 1 > 98 || year > 99 || month - 1 > 11 || day - 1 > 27 || hour > 23 ||
        minute > 59 || second > 59)
        return false; /* the last days of a month too: how many it has is known below */
    const int64_t days = days_from_date((int64_t)(100 * century + year), (int)month, (int)day);
    *microseconds = (days * 86400 + hour * 3600 + minute * 60 + second) * SECOND;
    return true;
}

bool time_parse(const char *text, size_t length, int64_t *microseconds)
{
    if (length == 20 && parse_plain(text, microseconds))
        return true;
    const char *next = text, *const end = text + length;
    int year, month, day, hour, minute, second;
    int64_t fraction, offset;
    if (!read_number(&next, end, 4, &year) || !read_byte(&next, end, '-', '-') ||
        !read_number(&next, end, 2, &month) || !read_byte(&next, end, '-', '-') ||
        !read_number(&next, end, 2, &day) || !read_byte(&next, end, 'T', 't') ||
        !read_number(&next, end, 2, &hour) || !read_byte(&next, end, ':', ':') ||
        !read_number(&next, end, 2, &minute) || !read_byte(&next, end, ':', ':') ||
        !read_number(&next, end, 2, &second) || !read_fraction(&next, end, &fraction) ||
        !read_offset(&next, end, &offset) || next != end)
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
        hour > 23 || minute > 59 || second > 60)
        return false;
    const int64_t minutes = days_from_date(year, month, day) * 1440 + hour * 60 + minute;
    const int64_t utc = minutes * 60 * SECOND - offset;
    if (second == 60 && (fraction != 0 || ((utc + 60 * SECOND) % DAY) != 0))
        return false;
    const int64_t result = utc + second * SECOND + fraction;
    if (result < days_from_date(1, 1, 1) * DAY || result >= days_from_date(10000, 1, 1) * DAY)
        return false;
    *microseconds = result;
    return true;
}

typedef struct duration_unit {
    const char *name;
    int64_t size;
} duration_unit;

/* From the largest; the last divides every duration. */
static const duration_unit units[] = {
    {"w", 7 * DAY}, {"d", DAY}, {"h", 3600 * SECOND}, {"m", 60 * SECOND}, {"s", SECOND},
    {"ms", 1000},   {"us", 1},
};
#define UNIT_COUNT (sizeof units / sizeof units[0])

bool duration_parse(const char *text, size_t length, int64_t *microseconds)
{
    size_t used = 0;
    int64_t number = 0;
    for (; used < length && text[used] >= '0' && text[used] <= '9'; used++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text[used] - '0', &number))
            return false;
    if (used == 0)
        return false;
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (strlen(units[i].name) == length - used &&
            memcmp(units[i].name, text + used, length - used) == 0)
            return !__builtin_mul_overflow(number, units[i].size, microseconds);
    return false;
}

void duration_show(buffer *out, int64_t microseconds)
{
    size_t i = 0;
    while (i + 1 < UNIT_COUNT &&
           (microseconds == 0 ? units[i].size != SECOND : microseconds % units[i].size != 0))
        i++;
    buffer_format(out, "%lld%s", (long long)(microseconds / units[i].size), units[i].name);
}

void time_show(buffer *out, int64_t microseconds)
{
    int64_t days = microseconds / DAY, rest = microseconds % DAY, year;
    if (rest < 0) {
        rest += DAY;
        days--;
    }
    int month, day;
    date_from_days(days, &year, &month, &day);
    const int seconds = (int)(rest / SECOND);
    buffer_format(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)year, month, day,
                  seconds / 3600, seconds / 60 % 60, seconds % 60);
    int fraction = (int)(rest % SECOND), places = 6;
    if (fraction != 0) {
        for (; fraction % 10 == 0; fraction /= 10)
            places--;
        buffer_format(out, ".%0*d", places, fraction);
    }
    buffer_text(out, "Z");
}
