/*
 * shell.h - what the files of runtime/command/ share: a shell line taken apart.
 *
 * Three steps, each in rooms of its own. word.c and parse.c read a script as sh and bash do and
 * list the simple commands in it, in order, with their words. follow.c goes through that list: what
 * is a wrapper (wrappers.c, shells.c) is followed to what it runs, a script inside a word is read
 * in its turn. facts.c, tools.c and scripts.c note what the programs read, write and connect to.
 * match.c answers `runs`.
 *
 * A word is a text without its quotes. What is not known until the line runs stands in it as a
 * marker: a byte below 0x20. A line that brings such bytes itself is not read (it is undecided), so
 * a marker is never mistaken for text.
 *
 * Whatever is not understood sets `broken` or one bit of `lost`; nothing is guessed to be harmless.
 * All memory is the frame's scratch arena. Work is bounded by LIMIT_COMMAND_*.
 */
#ifndef CONSTITUTION_RUNTIME_COMMAND_SHELL_H
#define CONSTITUTION_RUNTIME_COMMAND_SHELL_H

#include "runtime/base/arena.h"
#include "runtime/command/command.h"

/* ---- words ----------------------------------------------------------------------------------- */

enum marker {
    MARK_PART = 1,   /* text that is not known, one piece of this word */
    MARK_WORDS = 2,  /* not known and not quoted: may become any number of words */
    MARK_STAR = 3,   /* an unquoted `*` */
    MARK_ONE = 4,    /* an unquoted `?` */
    MARK_SET = 5,    /* an unquoted `[` */
    MARK_HOME = 6,   /* `~` or $HOME */
    MARK_FOLDER = 7, /* $PWD */
    MARK_BELOW = 8,  /* whatever is below: the `{}` of find */
    MARK_BREAK = 14, /* only while a word is read: where an expansion splits it */
    MARK_OPEN = 15,  /* the same: an unquoted `{`, `,` and `}` */
    MARK_COMMA = 16,
    MARK_CLOSE = 17
};

typedef struct shell_word {
    const char *text;
    uint32_t length;
    bool quoted; /* some part of it was */
} shell_word;

typedef struct shell_words {
    shell_word *items;
    uint32_t count, capacity;
} shell_words;

bool word_is(const shell_word *word, const char *text);
bool word_starts(const shell_word *word, const char *text);
/* No marker that stands for unknown text or for file names. */
bool word_is_plain(const shell_word *word);
/* Some text of it is not known; file names by a pattern do not count. */
bool word_is_open(const shell_word *word);
bool word_has(const shell_word *word, char byte);
/* a[$(x)]: what evaluates it as a name or a number runs x */
bool word_hides_code(const shell_word *word);
bool word_mentions(const shell_word *word, const shell_word *name); /* anywhere in it */
bool word_is_one(const shell_word *word, const char *const *names, size_t count);
#define IS_ONE(word, names) word_is_one(word, names, sizeof(names) / sizeof *(names))
/* The word without its first `from` bytes. */
shell_word word_behind(const shell_word *word, uint32_t from);

/* ---- commands as they stand ------------------------------------------------------------------ */

typedef enum redirect_kind {
    REDIRECT_READ,  /* < */
    REDIRECT_WRITE, /* > >> >| &> &>> */
    REDIRECT_BOTH,  /* <> */
    REDIRECT_TEXT   /* << <<- <<< : `target` is the text itself */
} redirect_kind;

typedef struct shell_redirect {
    redirect_kind kind;
    bool input; /* of file descriptor 0 */
    shell_word target;
} shell_redirect;

typedef enum step_kind {
    STEP_COMMAND,
    STEP_REDIRECT, /* of a compound command: no words */
    STEP_ENTER,    /* a subshell begins: the folder comes back with STEP_LEAVE */
    STEP_LEAVE,
    STEP_NOTHING
} step_kind;

#define INPUT_NONE UINT32_MAX /* the line gives no input: the terminal's, or none */
/* input that is not in the line; otherwise the step it comes from */
#define INPUT_UNKNOWN (UINT32_MAX - 1)

typedef struct shell_step {
    step_kind kind;
    bool sure;         /* not inside of a branch, loop or function: its `cd` holds from here on */
    uint32_t function; /* inside of the body of this function, or CST_NONE */
    uint32_t input;
    shell_words words;
    shell_words settings; /* NAME=VALUE before the words */
    struct {
        shell_redirect *items;
        uint32_t count, capacity;
    } redirects;
} shell_step;

typedef struct shell_steps {
    shell_step *items;
    uint32_t count, capacity;
} shell_steps;

/* ---- commands as they run -------------------------------------------------------------------- */

typedef struct shell_run {
    const shell_word *words; /* [0] is the program */
    uint32_t count;
    shell_word name;   /* its base name; length 0: not known */
    uint32_t function; /* counts only if this one is called */
    bool wrapper;      /* `runs only` asks what it runs, not itself */
    bool
        /* runs a script that is a file: known only where the pattern names the file */
        whole_script;
    bool turned;  /* some option turns it: `date -s`; `runs only` wants that option named */
    bool strange; /* the same by an operand, which no pattern names */
} shell_run;

typedef struct shell_function {
    shell_word name;
    uint32_t inside; /* defined in the body of this one, or CST_NONE */
    uint32_t step;   /* defined there */
    bool sure; /* from there on its name is it: not in a branch, a subshell, another function */
    bool called;
} shell_function;

typedef struct shell_list { /* a fact */
    cst_value *items;
    uint32_t count, capacity;
} shell_list;

struct command {
    arena *memory;
    bool broken; /* not read to its end: nothing is sure */
    bool no_memory;
    bool
        /* a relative path stood in a branch or function: a `cd` behind it may run before it */
        drifting;
    bool scripts;    /* some run has whole_script */
    bool bare;       /* a redirection without a program: the shell itself opens a file */
    uint8_t lost;    /* bit FACT: some of it is not known */
    uint8_t covered; /* bit FACT: some of it is known only by the folder it is in: `*.o` */
    uint32_t left;   /* bytes of scripts that may still be read */
    struct {
        char *items;
        uint32_t count, capacity;
    } letters; /* the words that are being read, one on top of the other */
    struct {
        shell_run *items;
        uint32_t count, capacity;
    } runs;
    struct {
        shell_function *items;
        uint32_t count, capacity;
    } functions;
    shell_list facts[FACT_COUNT];
};

static inline void command_lose(command *all, command_fact fact)
{
    all->lost |= (uint8_t)(1u << fact);
}

void command_lose_all(command *all);
/* A variable is set: some change what a name or a path is, or what a program starts. */
void command_set(command *all, const shell_word *name);

/* ---- reading (parse.c, word.c) --------------------------------------------------------------- */

struct follow;

typedef struct shell_variable {
    const char *name;
    uint32_t length;
    shell_word value;
} shell_variable;

enum { MOST_VARIABLES = 16, MOST_LOOKS = 32, MOST_HERE_TEXTS = 16 };

typedef struct here_text {
    uint32_t step, redirect;
    shell_word end;
    bool tabs, literal;
} here_text;

typedef struct script {
    command *all;
    shell_steps *steps;
    const char *text;
    uint32_t length, at;
    uint32_t depth;
    uint32_t branches; /* around what is read: branches, loops, functions */
    uint32_t shells;   /* subshells around it */
    uint32_t function;
    uint32_t input;
    here_text here[MOST_HERE_TEXTS];
    uint32_t here_count;
    shell_variable variables[MOST_VARIABLES];
    uint32_t variable_count;
    const shell_word *arguments; /* $0, $1, … where they are known; NULL: not */
    uint32_t argument_count;
    uint32_t looked_up; /* settings that were looked at: each look goes through the script */
} script;

/* Lists the steps of a script; sets all->broken where it cannot be read. */
void script_read(const struct follow *from, const char *text, uint32_t length, shell_steps *steps);
void script_broken(script *script);
/* A list of commands up to `)` or the end; the caller looks which. */
void script_list(script *script);
bool script_deeper(script *script);
/* Functions from number `first` on may not have come to be defined. */
void functions_doubt(script *script, uint32_t first);

/* Bytes from here on; `at` may have stepped over the end of what is broken. */
static inline uint32_t script_left(const script *script)
{
    return script->at < script->length ? script->length - script->at : 0;
}

static inline char script_peek(const script *script, uint32_t ahead)
{
    return script_left(script) > ahead ? script->text[script->at + ahead] : '\0';
}

static inline bool script_ended(const script *script)
{
    return script->at >= script->length || script->all->broken;
}

/* What one word of the line becomes: none, one, or several. `split`: fields and braces count. */
void word_read(script *script, shell_words *out, bool split);
/* Text in which only `$`, backquotes and backslash are special, up to `end`: a here-document. */
shell_word text_read(script *script, const char *text, uint32_t length);
/* `((…))` from behind the second parenthesis: false if it is none. */
bool arithmetic_read(script *script);
/* Whether a byte ends an unquoted word. */
bool ends_word(char byte);

/* The letters above `from`: as a word, or forgotten. */
void letters_put(command *all, char byte);
shell_word letters_take(script *script, uint32_t from, bool quoted);
void letters_drop(script *script, uint32_t from);
void quotes_single(script *script);
void quotes_double(script *script);

/* expand.c: at a `$`, a backquote, `$(`, `<(` or `>(`. */
void expand_dollar(script *script, bool quoted);
void expand_backquote(script *script, bool quoted);
void expand_command(script *script, bool quoted);

/* simple.c */
bool redirect_starts(script *script, uint32_t *descriptor);
void redirect_read(script *script, uint32_t step, uint32_t descriptor);
void simple_read(script *script, uint32_t step);
void script_blanks(script *script); /* with comments and joined lines */
void script_lines(script *script);  /* with newlines, and the here-documents behind them */
bool word_begins(const script *script);

/* ---- following (follow.c) -------------------------------------------------------------------- */

typedef struct follow {
    command *all;
    const shell_steps *steps;
    const shell_step *step;
    shell_word folder; /* where relative paths start; empty: where the line does */
    bool folder_lost;
    bool remote;                 /* runs on another machine or root: its paths are none of ours */
    const shell_word *arguments; /* of the script that is followed next */
    uint32_t argument_count;
    uint32_t depth;
    uint32_t function;
} follow;

void follow_script(const follow *from, const char *text, uint32_t length, follow *out);
/* A command by its words; its redirections are noted already. */
void follow_words(follow *from, const shell_word *words, uint32_t count);
void follow_text(follow *from, const shell_word *text); /* a script in a word: `sh -c` */
void follow_joined(follow *from, const shell_word *words, uint32_t count); /* `eval` */
/* A shell or an interpreter that reads its script from its input. */
void follow_input(follow *from, bool is_shell);

/* Words with a space between them, as `eval` has them. */
shell_word follow_join(follow *from, const shell_word *words, uint32_t count);
/* NAME=: what changes which program a name is, or what a program starts by itself. */
void settings_note(follow *from, const shell_word *setting);

/* ---- programs (programs.c) ------------------------------------------------------------------- */

typedef struct program {
    const char *names;    /* separated by spaces; "git push": of git, its subcommand push */
    const char *operands; /* what operands are, see programs.def */
    const char *options;
} program;

typedef enum item_kind {
    ITEM_END,
    ITEM_OPERAND,
    ITEM_OPTION,
    ITEM_OPEN /* words that are not known: options or operands */
} item_kind;

typedef struct item {
    item_kind kind;
    uint32_t at;       /* number of its word */
    const char *names; /* OPTION: its token in the table, or NULL: not there */
    shell_word name;   /* OPTION: the letter, or the long name with its dashes */
    shell_word value;  /* OPTION */
    bool has_value;
    bool unsure; /* not in the table: the next word may be its value */
    bool turns;  /* with it the program does what its name does not say */
    char role;   /* of the value; 0: none */
} item;

typedef struct items { /* goes through the words of one command */
    const shell_word *words;
    uint32_t count, at;
    uint32_t letter;    /* inside of words[at]: the next letter of a cluster; 0: not inside */
    const program *row; /* or NULL: not known */
    bool stops;         /* the first operand ends the options */
    bool ended;         /* behind `--`, or such an operand */
    bool single;        /* options are whole words with one dash: find, java */
    bool dashes;        /* some `--` was passed */
} items;

const program *program_find(const char *name, uint32_t length);
const program *program_find_sub(const char *name, uint32_t length, const shell_word *sub);
/* "python3.11" → "python" if the table has that and not the whole. */
uint32_t program_stem(const char *name, uint32_t length);
void items_begin(items *items, const program *row, const shell_word *words, uint32_t count);
item items_next(items *items);
/* `names` of an option's token has this name ("f", "--force"). */
bool option_has(const item *option, const char *name);
bool option_token_has(const char *token, const char *name, uint32_t length);
/* The next word is the value of this one, by the table. */
bool program_takes(const program *row, const shell_word *option);

/* ---- what runs something (shells.c, wrappers.c) ---------------------------------------------- */

void shell_note(follow *from, const program *row, shell_run *run, const shell_word *words,
                uint32_t count);
void interpreter_note(follow *from, const program *row, const shell_word *words, uint32_t count);
bool builtin_note(follow *from, const shell_word *name, const shell_word *words,
                  uint32_t count); /* true: done */
void wrapper_note(follow *from, const program *row, const shell_word *name, const shell_word *words,
                  uint32_t count);
/* A command that is run with names that are not known: in the place of {}, or at its end. */
void follow_filled(follow *from, const shell_word *words, uint32_t count);

/* ---- facts (facts.c, tools.c, scripts.c) ----------------------------------------------------- */

/* `cover`: what is written is that, or something below it. */
void fact_path(follow *from, command_fact fact, const shell_word *path, bool cover);
void fact_host(follow *from, const shell_word *host);
void fact_hosts(follow *from, const shell_word *hosts); /* with commas between them */
void fact_url(follow *from, const shell_word *url);
/* What the value of an option is by its role in the table. */
void option_note(follow *from, const item *one);
/* [user@]host:path as scp, rsync and git have it; false if it is a file of this machine. */
bool fact_remote(follow *from, const shell_word *place);
void fact_redirect(follow *from, const shell_redirect *redirect);
void fact_folder(follow *from, const shell_word *folder); /* cd */
/* What the table says of one program with its words. */
void facts_note(follow *from, const program *row, const shell_word *words, uint32_t count);
bool tools_note(follow *from, const char *name, uint32_t length, const program *row,
                const shell_word *words,
                uint32_t count); /* those with a way of their own; true: done */
/* What find puts in the place of a word with {}. False: memory is short. */
bool find_words(follow *from, const shell_word *words, uint32_t count, const shell_word *word,
                shell_words *out);
/* network.c: options of ssh, -L and its kin, -v of containers, what is installed, images. */
void ssh_option_note(follow *from, const shell_word *value);
void forward_note(follow *from, const shell_word *value);
void fact_login(follow *from, const shell_word *word);
void fact_query(follow *from, const shell_word *word);
void mount_note(follow *from, const shell_word *value);
void fact_source(follow *from, const shell_word *word, bool place);
void fact_image(follow *from, const shell_word *word);
bool network_note(follow *from, const program *row, const shell_word *words, uint32_t count);
/* starters.c: programs whose words hold commands in a way of their own; true: done. */
bool starter_note(follow *from, const shell_word *name, const program *row, const shell_word *words,
                  uint32_t count);
void terminal_note(follow *from, const shell_word *words, uint32_t count); /* tmux */
void scripts_sed(follow *from, const shell_word *text);
void scripts_awk(follow *from, const shell_word *text);

#endif
