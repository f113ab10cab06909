/*
 * facts.c - which files a line reads and writes, and which hosts it connects to.
 *
 * A fact lists what the line names. A word that is not known, or a folder that is not, makes the
 * list incomplete (`lost`). A pattern of file names, a copy into a folder, a recursive change are
 * listed by the folder that they stay in (`cover`); only of a pattern the names themselves are
 * unknown. Relative paths follow `cd`; the folder that the line starts in is the host's, so they
 * stay relative. `/dev/null` and the like are no files.
 */
#include <string.h>
#include <strings.h>

#include "runtime/command/shell.h"
#include "runtime/identity_private.h"

/* ---- paths ----------------------------------------------------------------------------------- */

static bool is_no_file(const char *path, uint32_t length)
{
    static const char *const names[] = {"/dev/null",   "/dev/zero",    "/dev/stdin",
                                        "/dev/stdout", "/dev/stderr",  "/dev/tty",
                                        "/dev/random", "/dev/urandom", "/dev/full"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && memcmp(path, names[i], length) == 0)
            return true;
    return length > 8 && memcmp(path, "/dev/fd/", 8) == 0;
}

static bool climbs(const char *text, uint32_t length)
{
    for (uint32_t i = 0; i + 1 < length; i++)
        if (text[i] == '.' && text[i + 1] == '.' && (i == 0 || text[i - 1] == '/') &&
            (i + 2 == length || text[i + 2] == '/'))
            return true;
    return false;
}

/* A path with the folder it is relative to before it; false if that is not known. Keeps MARK_HOME
 * first. */
static bool resolve(follow *from, const shell_word *path, shell_word *out)
{
    command *const all = from->all;
    shell_word rest = *path;
    *out = rest;
    if (rest.length > 0 && (rest.text[0] == '/' || rest.text[0] == MARK_HOME))
        return true;
    if (rest.length > 0 && rest.text[0] == MARK_FOLDER) {
        rest = word_behind(&rest, 1);
        while (rest.length > 0 && rest.text[0] == '/')
            rest = word_behind(&rest, 1);
        if (path->length > 1 && path->text[1] != '/')
            return false;
    }
    if (from->folder_lost)
        return false;
    if (!from->step->sure || from->step->function != CST_NONE)
        all->drifting = true;
    if (rest.length == 0 || from->folder.length > 0) {
        static const shell_word here = {".", 1, false};
        const shell_word folder = from->folder.length > 0 ? from->folder : here;
        char *const text = arena_allocate(all->memory, (size_t)folder.length + rest.length + 2);
        if (text == NULL) {
            all->no_memory = all->broken = true;
            return false;
        }
        memcpy(text, folder.text, folder.length);
        text[folder.length] = '/';
        if (rest.length > 0)
            memcpy(text + folder.length + 1, rest.text, rest.length);
        *out = (shell_word){text, folder.length + 1 + rest.length, rest.quoted};
    } else {
        *out = rest;
    }
    return true;
}

static void value_add(command *all, command_fact fact, const cst_value *value)
{
    cst_value *const place = ARENA_PUSH(all->memory, &all->facts[fact]);
    if (place == NULL) {
        all->no_memory = all->broken = true;
        return;
    }
    *place = *value;
}

/* Where the first pattern of file names is, cut back to the folder that it is in. */
static char cut_pattern(shell_word *path)
{
    for (uint32_t i = 0; i < path->length; i++) {
        if (path->text[i] != MARK_STAR && path->text[i] != MARK_ONE && path->text[i] != MARK_SET &&
            path->text[i] != MARK_BELOW)
            continue;
        uint32_t end = i;
        while (end > 0 && path->text[end - 1] != '/')
            end--;
        const char mark = path->text[i];
        path->length = end;
        return mark;
    }
    return '\0';
}

static void path_add(follow *from, command_fact fact, const shell_word *path, uint8_t cover)
{
    command *const all = from->all;
    const bool home = path->length > 0 && path->text[0] == MARK_HOME;
    if (home && path->length > 1 && (path->text[1] != '/' || climbs(path->text, path->length))) {
        command_lose(all, fact);
        return;
    }
    shell_word text = *path;
    if (home) {
        char *const copy = arena_copy(all->memory, path->text, path->length);
        if (copy == NULL) {
            all->no_memory = all->broken = true;
            return;
        }
        copy[0] = '~';
        text.text = copy;
    }
    if (!word_is_plain(&text) || (!home && text.length > 0 && text.text[0] == '~')) {
        command_lose(all, fact);
        return;
    }
    if (is_no_file(text.text, text.length))
        return;
    cst_value value = {0};
    bool no_memory = false;
    if (!path_parse(text.text, text.length, all->memory, &value, &no_memory)) {
        all->no_memory = all->no_memory || no_memory;
        command_lose(all, fact);
        return;
    }
    value.cover = (uint8_t)(cover | (home ? PATH_OF_HOME : 0));
    value_add(all, fact, &value);
}

void fact_path(follow *from, command_fact fact, const shell_word *path, bool cover)
{
    if (from->remote || path->length == 0 || word_is(path, "-") || from->all->broken)
        return;
    if (word_starts(path, "/dev/tcp/") || word_starts(path, "/dev/udp/")) {
        shell_word host = word_behind(path, 9);
        for (uint32_t i = 0; i < host.length; i++)
            if (host.text[i] == '/')
                host.length = i;
        fact_host(from, &host);
        return;
    }
    shell_word whole, at = *path;
    if (word_is_open(path)) {
        command_lose(from->all, fact);
        return;
    }
    const char mark = cut_pattern(&at);
    if (mark != '\0') {
        if (mark != MARK_BELOW)
            from->all->covered |= (uint8_t)(1u << fact);
        if (climbs(path->text + at.length, path->length - at.length)) {
            command_lose(from->all, fact);
            return;
        }
        if (at.length == 0)
            at = (shell_word){".", 1, false};
    }
    if (resolve(from, &at, &whole))
        path_add(from, fact, &whole,
                 mark == '\0' || mark == MARK_BELOW
                     ? (uint8_t)(cover || mark != '\0' ? PATH_COVERS : 0)
                     : PATH_COVERS | PATH_PATTERN);
    else
        command_lose(from->all, fact);
}

void fact_folder(follow *from, const shell_word *folder)
{
    command *const all = from->all;
    shell_word whole;
    if (all->drifting) {
        command_lose(all, FACT_READS);
        command_lose(all, FACT_WRITES);
    }
    const bool home = folder->length == 1 && folder->text[0] == MARK_HOME;
    if (word_is(folder, "-") || word_is_open(folder) || word_has(folder, MARK_STAR) ||
        word_has(folder, MARK_ONE) || word_has(folder, MARK_SET) || !from->step->sure ||
        from->step->function != CST_NONE || (!home && !resolve(from, folder, &whole))) {
        from->folder_lost = true;
        return;
    }
    if (home)
        whole = *folder;
    from->folder_lost = false;
    from->folder = whole;
}

/* ---- hosts ----------------------------------------------------------------------------------- */

static void host_add(follow *from, shell_word host)
{
    command *const all = from->all;
    host_text canonical;
    if (host.length > 2 && (host.text[0] == '[' || host.text[0] == MARK_SET) &&
        host.text[host.length - 1] == ']')
        host = (shell_word){host.text + 1, host.length - 2, false};
    if (!word_is_plain(&host) || host.length == 0 ||
        !host_canonical(host.text, host.length, true, &canonical)) {
        command_lose(all, FACT_CONNECTS);
        return;
    }
    const char *const text = arena_copy(all->memory, canonical.text, canonical.length);
    if (text == NULL) {
        all->no_memory = all->broken = true;
        return;
    }
    value_add(all, FACT_CONNECTS,
              &(cst_value){.kind = CST_KIND_HOST,
                           .as.text = text,
                           .length = canonical.length,
                           .raw_length = canonical.length,
                           .at = UINT32_MAX});
}

/* Without user, port and brackets. */
static shell_word host_of(shell_word place)
{
    for (uint32_t i = place.length; i > 0; i--)
        if (place.text[i - 1] == '@') {
            place = word_behind(&place, i);
            break;
        }
    uint32_t digits = place.length;
    while (digits > 0 && place.text[digits - 1] >= '0' && place.text[digits - 1] <= '9')
        digits--;
    const bool v6 = place.length > 0 && place.text[0] != '[' && place.text[0] != MARK_SET &&
                    memchr(place.text, ':', digits > 0 ? digits - 1 : 0) != NULL;
    if (digits > 0 && place.text[digits - 1] == ':' && !v6)
        place.length = digits - 1;
    return place;
}

void fact_host(follow *from, const shell_word *host)
{
    host_add(from, host_of(*host));
}

static uint32_t scheme_length(const shell_word *word)
{
    for (uint32_t i = 0; i + 2 < word->length; i++) {
        const char byte = word->text[i];
        if (byte == ':')
            return word->text[i + 1] == '/' && word->text[i + 2] == '/' ? i : 0;
        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
              (byte >= '0' && byte <= '9') || byte == '+' || byte == '.' || byte == '-'))
            return 0;
    }
    return 0;
}

void fact_url(follow *from, const shell_word *url)
{
    const uint32_t scheme = scheme_length(url);
    const bool is_file = url->length > 4 && strncasecmp(url->text, "file", 4) == 0;
    if (is_file && (scheme == 4 || url->text[4] == ':')) {
        const shell_word path = word_behind(url, scheme == 4 ? 7 : 5);
        fact_path(from, FACT_READS, &path, false);
        return;
    }
    shell_word place = word_behind(url, scheme > 0 ? scheme + 3 : 0);
    for (uint32_t i = 0; i < place.length; i++)
        if (strchr("/?#", place.text[i]) != NULL || place.text[i] == MARK_ONE) {
            place.length = i;
            break;
        }
    if (word_has(&place, '\\'))
        command_lose(from->all, FACT_CONNECTS);
    fact_host(from, &place);
}

bool fact_remote(follow *from, const shell_word *place)
{
    if (scheme_length(place) > 0) {
        fact_url(from, place);
        return true;
    }
    for (uint32_t i = 0; i < place->length && place->text[i] != '/'; i++) {
        if (place->text[i] == ':' && i > 0) {
            host_add(from, host_of((shell_word){place->text, i, false}));
            return true;
        }
        if (place->text[i] == MARK_PART || place->text[i] == MARK_WORDS) {
            command_lose(from->all, FACT_CONNECTS);
            return false; /* a file, perhaps: asked as one, and not known either */
        }
    }
    return false;
}

/* ---- redirections ---------------------------------------------------------------------------- */

void fact_redirect(follow *from, const shell_redirect *redirect)
{
    if (redirect->kind == REDIRECT_READ || redirect->kind == REDIRECT_BOTH)
        fact_path(from, FACT_READS, &redirect->target, false);
    if (redirect->kind == REDIRECT_WRITE || redirect->kind == REDIRECT_BOTH)
        fact_path(from, FACT_WRITES, &redirect->target, false);
}

/* ---- by the table ---------------------------------------------------------------------------- */

typedef struct operands {
    const shell_word **items;
    uint32_t count;
    bool lost;    /* among them are words that are not known */
    bool deep;    /* -r */
    bool target;  /* -t FOLDER: no operand is the last one */
    bool pattern; /* -e, -f: no operand is what is looked for */
    bool makes;   /* install -d: every operand is written */
    bool edits;   /* -i: what is read is written */
} operands;

void option_note(follow *from, const item *one)
{
    const shell_word *const value = &one->value;
    if (one->role == 'X')
        command_lose_all(from->all);
    switch (one->has_value ? one->role : '\0') {
    case 'r': fact_path(from, FACT_READS, value, false); break;
    case 'w':
        if (word_starts(value, "|")) { /* strace, and who else opens a pipe by that name */
            const shell_word script = word_behind(value, 1);
            follow_text(from, &script);
        } else {
            fact_path(from, FACT_WRITES, value, true);
        }
        break;
    case 'F':
        fact_path(from, FACT_READS, value, false);
        command_lose_all(from->all);
        break;
    case 'N':
        fact_path(from, FACT_READS, value, false);
        command_lose(from->all, FACT_READS);
        break;
    case 'A':
        fact_path(from, FACT_READS, value, false);
        command_lose(from->all, FACT_CONNECTS);
        break;
    case 'u': fact_url(from, value); break;
    case 'h': fact_hosts(from, value); break;
    case 'p': (void)fact_remote(from, value); break;
    case 'O': ssh_option_note(from, value); break;
    case 'f': forward_note(from, value); break;
    case 'v': mount_note(from, value); break;
    case 'U': fact_source(from, value, false); break;
    case 'l': fact_source(from, value, true); break;
    case 'S': follow_text(from, value); break;
    case 'd': fact_folder(from, value); break;
    default: break;
    }
}

static bool operands_read(follow *from, const program *row, const shell_word *words, uint32_t count,
                          operands *out)
{
    *out = (operands){.items = arena_array(from->all->memory, count, sizeof *out->items)};
    if (out->items == NULL) {
        from->all->no_memory = from->all->broken = true;
        return false;
    }
    items items;
    items_begin(&items, row, words, count);
    items.stops = false;
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPTION) {
            const bool one_host = strchr("ht", *row->operands) != NULL && row->operands[1] != '*';
            if (one.names == NULL && one_host) /* the word behind it may be its value */
                command_lose(from->all, FACT_CONNECTS);
            option_note(from, &one);
            if (one.role == 'C' || one.role == 'E') { /* the rest is a command */
                const uint32_t first = items.at - one.has_value;
                (one.role == 'E' ? follow_filled : follow_words)(from, words + first,
                                                                 count - first);
                break;
            }
            out->deep = out->deep || option_has(&one, "r") || option_has(&one, "R") ||
                        option_has(&one, "--recursive") || option_has(&one, "--archive");
            out->target = out->target || option_has(&one, "--target-directory");
            out->edits = out->edits || one.role == 'I';
            out->makes = out->makes || (option_has(&one, "--directory") && !one.has_value);
            out->pattern = out->pattern || option_has(&one, "e") ||
                           (option_has(&one, "f") && one.role == 'r') ||
                           option_has(&one, "--reference");
        } else if (one.kind == ITEM_OPEN && word_is_open(&one.value)) {
            out->lost = true;
        } else {
            out->items[out->count++] = &words[one.at];
        }
    }
    return !from->all->broken;
}

static void operand_note(follow *from, char letter, const shell_word *word, bool deep)
{
    switch (letter) {
    case 'r': fact_path(from, FACT_READS, word, deep); break;
    case 'R': fact_path(from, FACT_READS, word, true); break;
    case 'w': fact_path(from, FACT_WRITES, word, deep); break;
    case 'W':
    case 'P':
    case 'M': fact_path(from, FACT_WRITES, word, true); break;
    case 'F':
        fact_path(from, FACT_READS, word, false);
        command_lose_all(from->all);
        break;
    case 'u': fact_url(from, word); break;
    case 'U':
    case 'l': fact_source(from, word, letter == 'l'); break;
    case 'm':
        if (!word_starts(word, ".") && !word_starts(word, "/"))
            fact_image(from, word);
        break;
    case 'i': fact_image(from, word); break;
    case 'h': fact_url(from, word); break;
    case 'q': fact_query(from, word); break;
    case 't': fact_login(from, word); break;
    case 's': follow_text(from, word); break;
    default: break;
    }
}

static void plan_lost(follow *from, const char *plan)
{
    if (strpbrk(plan, "sFX") != NULL)
        command_lose_all(from->all);
    if (strpbrk(plan, "rRLpkUl") != NULL)
        command_lose(from->all, FACT_READS);
    if (strpbrk(plan, "wWLMPpk") != NULL)
        command_lose(from->all, FACT_WRITES);
    if (strpbrk(plan, "uhptqUilm") != NULL)
        command_lose(from->all, FACT_CONNECTS);
}

static void copies_note(follow *from, char plan, const operands *all)
{
    const bool places = plan == 'p' || plan == 'k';
    for (uint32_t i = 0; i < all->count; i++) {
        const bool last = all->makes || (i + 1 == all->count && !all->target);
        if (plan == 'p' && fact_remote(from, all->items[i]))
            continue;
        if (plan == 'k' && word_has(all->items[i], ':'))
            continue; /* in a container */
        if (!last)
            fact_path(from, FACT_READS, all->items[i], all->deep || places);
        else if (all->count > 1 || places || all->makes)
            fact_path(from, FACT_WRITES, all->items[i], true);
    }
}

void facts_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    operands all;
    const char *plan = row->operands;
    const follow before = *from;
    if (!operands_read(from, row, words, count, &all))
        return;
    if (all.lost)
        plan_lost(from, plan);
    if (*plan == 'X')
        command_lose_all(from->all);
    if (*plan == 'Q') {
        command_lose(from->all, FACT_READS);
        command_lose(from->all, FACT_WRITES);
    }
    if (*plan == '-' && plan[1] == 'k') { /* `s3 cp a b` */
        plan++;
        all.items += all.count > 0;
        all.count -= all.count > 0;
    }
    if (*plan == 'L' || *plan == 'p' || *plan == 'k') {
        copies_note(from, *plan, &all);
    } else {
        if (*plan == '-' && all.pattern && plan[1] != '*' && plan[1] != '\0')
            plan++;
        uint32_t files = 0;
        for (uint32_t i = 0; i < all.count && *plan != '\0'; i++) {
            files += *plan != '-';
            operand_note(from, all.edits && *plan == 'r' ? 'w' : *plan, all.items[i], all.deep);
            plan += plan[1] == '*' ? 0 : 1;
        }
        static const shell_word here = {".", 1, false};
        if (*plan == 'P')
            fact_path(from, FACT_WRITES, &here, true);
        if (*plan == 'R' && files == 0 && !all.lost && from->step->input == INPUT_NONE)
            fact_path(from, FACT_READS, &here, true);
    }
    from->folder = before.folder; /* -C goes there for one program */
    from->folder_lost = before.folder_lost;
}
