/*
 * command.c - the table of commands: what each is called, takes and explains about itself.
 *
 * docs/formats.md says the same in prose; a test holds every option that stands here against it.
 */
#include "compiler/cli/host.h"

#define ENGINE                                                                                     \
    {"--engine", NULL, "ENGINE", "jit|optimised|reference",                                        \
     "native code at once (jit), optimised, or the slow reference evaluator"}
#define CACHE                                                                                      \
    {"--cache", NULL, "DIR", NULL,                                                                 \
     "keep compiled policies in DIR, and open them there; auto: where the environment says"},      \
        {"--no-cache", NULL, NULL, NULL, "compile, whatever the environment says"}
#define LIMIT                                                                                      \
    {"--limit", NULL, "NAME=NUMBER", NULL,                                                         \
     "lower a bound: event-bytes, json-depth, list-elements, text-bytes, scratch-bytes, sessions"}
#define MAX_COST                                                                                   \
    {"--max-cost", NULL, "STEPS", NULL,                                                            \
     "refuse a policy of which an event can cost more, and show the place that costs most"}
#define MAX_SCRATCH                                                                                \
    {"--max-scratch", NULL, "BYTES", NULL, "the same for the scratch memory of an event"}
#define LAST {NULL, NULL, NULL, NULL, NULL}

static const option_row check_options[] = {
    {"--format", NULL, "FORMAT", "text|json|sarif",
     "how diagnostics are printed (on stderr); text if not given"},
    {"--cost", NULL, NULL, NULL,
     "print what an event of each stage can cost at most: work and memory"},
    MAX_COST,
    MAX_SCRATCH,
    LIMIT,
    {"--werror", NULL, NULL, NULL, "warnings count as errors"},
    {"--explain", NULL, "CODE", NULL, "explain a diagnostic, such as E0201, and end"},
    LAST,
};

static const option_row run_options[] = {
    {"--from", NULL, "FORMAT", "events|openai|anthropic|mcp|claude-hook|text",
     "what the input is; events if not given, text with --stream"},
    {"--replies", NULL, NULL, NULL,
     "mcp, claude-hook: what goes back, in their own words, instead of decisions"},
    {"--stream", NULL, NULL, NULL,
     "the input is one reply of the model: say what may go on while it comes"},
    {"--chunk", NULL, "NUMBER", NULL, "--stream: read so many bytes at a time"},
    {"--system", NULL, "FILE", NULL, "--stream: the system prompt of the conversation"},
    {"--context", NULL, "NAME=JSON", NULL,
     "a context record for conversations, which bring none; repeatable"},
    {"--summary", NULL, NULL, NULL, "a table for people instead of JSON lines"},
    {"--jobs", "-j", "NUMBER", NULL,
     "threads that decide; answers come in the order of the events all the same"},
    {"--fail-on", NULL, "LEVEL", NULL,
     "exit with 3 if any decision is LEVEL (flag, deny, …) or stricter"},
    {"--emit-events", NULL, NULL, NULL, "print the events that --from makes, and decide nothing"},
    HOST_OPTIONS,
    {"--engine", NULL, "ENGINE", "jit|optimised|reference|tiered",
     "native code at once (jit), optimised, the slow reference evaluator, or one after the other "
     "while "
     "events are decided (tiered)"},
    CACHE,
    LIMIT,
    LAST,
};

static const option_row test_options[] = {
    {"--filter", NULL, "TEXT", NULL, "only the tests that have TEXT in their title"},
    {"--engine", NULL, "ENGINE", "jit|optimised|reference",
     "one engine only; without it both jit and reference run, and must agree"},
    {"--coverage", NULL, NULL, NULL,
     "how often each rule fired, and which way each condition came out"},
    {"--mutate", NULL, NULL, NULL, "change the policy in small ways: does some test notice?"},
    {"--format", NULL, "FORMAT", "text|json",
     "a report for people, or one JSON object for each policy"},
    {"--min-coverage", NULL, "PERCENT", NULL,
     "fail if fewer rules fired, or fewer conditions were seen both ways"},
    {"--min-killed", NULL, "PERCENT", NULL, "fail if the tests notice fewer of the changes"},
    {"--mutants", NULL, "N", NULL, "changes that are tried, at most; 1000 without it"},
    {"--seed", NULL, "N", NULL, "which of them, if there are more; 1 without it"},
    LAST,
};

static const option_row build_options[] = {
    {"--output", "-o", "FILE", NULL, "what to write: .so, .o, .ll (LLVM) or .s (assembly)"},
    {"--header", NULL, "FILE", NULL, "also write a C header that declares the module of a .o"},
    MAX_COST,
    MAX_SCRATCH,
    LIMIT,
    LAST,
};

static const option_row dump_options[] = {
    {"--after", NULL, "PASS", "tokens|ast|checked|graph|plan|llvm|asm", "which form to print"},
    LAST,
};

static const option_row doc_options[] = {LAST};
static const option_row lsp_options[] = {LAST};

static const option_row fmt_options[] = {
    {"--check", NULL, NULL, NULL,
     "write nothing: list the files that would change, and exit with 1"},
    LAST,
};

static const option_row diff_options[] = {
    {"--events", NULL, "FILE", NULL,
     "decide these events by both, too, and show where they differ"},
    {"--show", NULL, "N", NULL,
     "at most so many of those events (20 if not given); all are counted"},
    {"--format", NULL, "FORMAT", "text|json", "how it is printed; text if not given"},
    LAST,
};

static const option_row explain_options[] = {
    {"--all", NULL, NULL, NULL, "explain every event, not only the last"},
    {"--holdback", NULL, NULL, NULL,
     "no events: how much of a streamed reply each rule holds back, and why"},
    {"--format", NULL, "FORMAT", "text|json", "--holdback: how it is printed; text if not given"},
    LIMIT,
    LAST,
};

static const option_row bench_options[] = {
    ENGINE,
    CACHE,
    {"--rounds", NULL, "NUMBER", NULL, "how often all events are decided; 11 if not given"},
    {"--json", NULL, NULL, NULL, "the figures as one JSON object"},
    LAST,
};

#define DATA_FIELDS                                                                                \
    {"--text", NULL, "FIELD", NULL, "the field that holds the text: a name, a.b.0, or /a/b/0"},    \
        {"--label", NULL, "FIELD", NULL, "the field that holds the label"},                        \
        {"--positive", NULL, "VALUES", NULL,                                                       \
         "labels on which the policy should speak, a,b,c; repeatable"},                            \
        {"--negative", NULL, "VALUES", NULL,                                                       \
         "labels on which it should not; rows with other labels are then skipped"}
#define DATA_EVENT                                                                                 \
    {"--stage", NULL, "STAGE", "input|output|result|message|action",                               \
     "what kind of event the text becomes; input if not given"},                                   \
        {"--tool", NULL, "NAME", NULL, "the tool, for result and action"},                         \
        {"--arg", NULL, "NAME", NULL,                                                              \
         "for action: the argument that takes the text; mail.body, to.0 for what lies deeper"},    \
        {"--given", NULL, "NAME=JSON", NULL,                                                       \
         "what else the events hold: a context, from, to, role, args; repeatable"},                \
        {"--at-least", NULL, "VERDICT", NULL,                                                      \
         "the policy spoke if it decided so, or stricter; flag if not given"},                     \
        {"--shadow", NULL, NULL, NULL, "rules in shadow count like the others"}

static const option_row eval_options[] = {
    DATA_FIELDS,
    {"--id", NULL, "FIELD", NULL, "the field that names a row, for examples"},
    {"--category", NULL, "FIELD", NULL, "figures for each value of this field"},
    DATA_EVENT,
    {"--spans", NULL, "FIELD", NULL,
     "a list of [start,end,TYPE], or of objects with these names, to compare spans with"},
    {"--offsets", NULL, "UNIT", "chars|bytes", "what they count; chars if not given"},
    {"--kinds", NULL, "TYPES", NULL, "the only types of spans that count, A,B; repeatable"},
    {"--show", NULL, "NUMBER", NULL, "misses and false alarms to show; 5 if not given"},
    {"--rounds", NULL, "NUMBER", NULL,
     "read the data so often to measure the time; 1 if not given"},
    {"--format", NULL, "FORMAT", "table|json", "table if not given"},
    {"--html", NULL, "FILE", NULL, "also write the figures as a page with plots"},
    HOST_OPTIONS,
    ENGINE,
    CACHE,
    LAST,
};

static const option_row redteam_options[] = {
    DATA_FIELDS,
    {"--id", NULL, "FIELD", NULL, "the field that names a row, for examples"},
    DATA_EVENT,
    {"--limit", NULL, "NUMBER", NULL,
     "rewrite so many of the caught rows, chosen evenly; 100 if not given"},
    {"--seed", NULL, "NUMBER", NULL,
     "another seed chooses other rows and other places; 1 if not given"},
    {"--only", NULL, "NAMES", NULL, "only these transformations; repeatable"},
    {"--alone", NULL, NULL, NULL, "no pairs of transformations"},
    {"--list", NULL, NULL, NULL, "explain the transformations, and end"},
    {"--show", NULL, "NUMBER", NULL, "pairs to show in the table; 20 if not given"},
    HOST_OPTIONS,
    {"--format", NULL, "FORMAT", "table|json", "table if not given"},
    ENGINE,
    CACHE,
    LAST,
};

static const option_row hook_options[] = {
    {"--state", NULL, "DIR", NULL,
     "where sessions are kept; $XDG_STATE_HOME/constitution/hooks if not given"},
    {"--allow", NULL, NULL, NULL,
     "what the policy permits needs no question of the agent's own settings"},
    {"--context", NULL, "NAME=JSON", NULL, "a context record for every event; repeatable"},
    LAST,
};

static const option_row no_options[] = {LAST};

const cli_command commands[] = {
    {"check", "parse and check policies; say what is wrong, where, and how to mend it",
     "FILE|DIR… [--format text|json|sarif] [--cost] [--max-cost STEPS] [--werror]",
     "Reads each policy with all that it imports and extends; of a directory, every .const file "
     "below it.\n"
     "Says nothing if all is well.\n"
     "Exit: 0 clean, 1 errors, 2 a file or the command line is wrong.\n",
     "  constc check support.const\n"
     "  constc check --werror --format sarif policies/*.const 2> report.sarif\n"
     "  constc check --cost support.const\n"
     "  constc check --max-cost 1000000 --limit event-bytes=20000 support.const\n"
     "  constc check --explain E0201\n",
     check_options, 1, UINT32_MAX, command_check},
    {"run", "decide events: one JSON decision a line, or a table",
     "FILE [EVENTS|-] [--from FORMAT] [--summary] [--fail-on LEVEL]",
     "Decides each event with the policy FILE (.const, or a compiled .so). Without EVENTS they "
     "come\n"
     "from stdin, one JSON object a line. Decisions go to stdout in the same order. With --stream "
     "the input\n"
     "is a reply as it is streamed (server-sent events, or text): what may go on is told while it "
     "comes.\n"
     "Exit: 0; 1 the policy does not compile; 2 a file or the command line is wrong; 3 "
     "--fail-on.\n",
     "  constc run support.const events.jsonl\n"
     "  constc run support.const events.jsonl --host \"python3 classifier.py\"\n"
     "  constc run support.const events.jsonl --summary\n"
     "  constc run -j 8 support.so < events.jsonl > decisions.jsonl\n"
     "  constc run --stream support.const reply.sse --from openai --system prompt.txt\n"
     "  constc run support.const chats.jsonl --from openai --context user='{\"id\":\"u1\"}' "
     "--fail-on deny\n"
     "  constc run --emit-events --from anthropic chat.json\n"
     "  constc run support.const traffic.jsonl --from mcp --replies\n"
     "  echo '{\"stage\":\"input\",\"text\":\"hello\"}' | constc run support.const\n",
     run_options, 0, 2, command_run},
    {"test", "run the test blocks of policies",
     "FILE|DIR… [--filter TEXT] [--coverage] [--mutate] [--engine ENGINE]",
     "Runs the tests that stand in each policy; of a directory, those of every .const file below "
     "it.\n"
     "A test that fails is shown with its event, the decision, and why each rule fired or did "
     "not.\n"
     "--coverage and --mutate say how well the tests hold the rules: what never fired, or never\n"
     "stayed silent, and which changes of a rule no test notices.\n"
     "Exit: 0 all passed, 1 otherwise, 2 a file or the command line is wrong.\n",
     "  constc test support.const\n"
     "  constc test policies/\n"
     "  constc test support.const --filter stranger\n"
     "  constc test --coverage --mutate support.const\n",
     test_options, 1, UINT32_MAX, command_test},
    {"build", "compile ahead of time, to a library that needs no compiler",
     "FILE -o OUT.so|.o|.ll|.s [--header H] [--max-cost STEPS]",
     "Writes what the runtime library opens (.so), what a C program links (.o), or the code to "
     "read\n"
     "(.ll, .s). The end of the name decides.\n"
     "Exit: 0 written, 1 the policy does not compile, 2 a file or the command line is wrong.\n",
     "  constc build support.const -o support.so\n"
     "  constc build support.const -o support.o --header support.h\n",
     build_options, 1, 1, command_build},
    {"dump", "print the policy after one pass of the compiler", "FILE --after PASS",
     "For those who work on the compiler, and for the curious.\n",
     "  constc dump support.const --after checked\n"
     "  constc dump support.const --after llvm\n",
     dump_options, 1, 1, command_dump},
    {"explain", "why an event was decided so, rule by rule", "FILE [EVENTS|-] [--all]",
     "Decides the events (one JSON object, or several lines as a history) and shows, for the last "
     "of them,\n"
     "every rule that concerns it: fired or not, its condition with the values it saw, and what "
     "would\n"
     "have to be different.\n",
     "  constc explain support.const event.json\n"
     "  constc explain support.const --all < session.jsonl\n"
     "  constc explain support.const --holdback\n",
     explain_options, 1, 2, command_explain},
    {"fmt", "lay policies out: blanks, indentation, blank lines", "FILE|DIR…|- [--check]",
     "Writes each file anew with canonical blanks and indentation. Where lines break stays the "
     "author's choice, and so does\n"
     "what is aligned below what. Every comment and every token is kept, which is proved before a "
     "file is replaced. A file\n"
     "with a syntax error is not touched. With - the policy comes from stdin and goes to stdout.\n"
     "Exit: 0; 1 a policy cannot be parsed or, with --check, would change; 2 a file or the command "
     "line is wrong.\n",
     "  constc fmt support.const\n"
     "  constc fmt --check policies/\n"
     "  constc fmt - < support.const\n",
     fmt_options, 1, UINT32_MAX, command_fmt},
    {"doc", "a policy as a page for those who have to agree with it", "FILE",
     "Prints Markdown: what is decided when no rule speaks, each principle with its rules, "
     "permits, waivers, tools, sets and the\n"
     "titles of the tests. Conditions stand there with their definitions written out; the comment "
     "directly above a declaration\n"
     "explains it.\n",
     "  constc doc support.const > support.md\n", doc_options, 1, 1, command_doc},
    {"diff", "what a new version of a policy says differently", "OLD NEW [--events EVENTS|-]",
     "Compares two versions of a policy, declaration by declaration and with all files that they "
     "need, and says of each change\n"
     "whether it is stricter or looser. Layout, comments and order do not count. What a change of "
     "a pattern or a\n"
     "tool comes to cannot be told from the text: with --events both versions decide recorded "
     "events, and those that they\n"
     "decide differently are shown. Exit code 0: no difference; 1: there is one.\n",
     "  constc diff old.const new.const\n"
     "  constc diff old.const new.const --events last_week.jsonl\n",
     diff_options, 2, 2, command_diff},
    {"bench", "measure how long decisions take", "FILE EVENTS [--rounds N] [--json]",
     "Decides all events several times: percentiles for each stage, throughput, and how much of it "
     "is\n"
     "reading, which a policy without rules would need too.\n",
     "  constc bench support.const events.jsonl\n"
     "  constc bench support.so events.jsonl --json\n",
     bench_options, 2, 2, command_bench},
    {"eval", "measure a policy on labelled texts",
     "FILE DATA… --text FIELD --label FIELD --positive VALUE,…",
     "Reads rows (JSON lines), makes an event of each row's text, decides it in a session of its "
     "own, and\n"
     "compares with the label: confusion matrix, recall, precision, false-positive rate and F1 "
     "with 95 %\n"
     "intervals, for each rule and category too; the worst misses and false alarms. Rows that "
     "cannot be\n"
     "read or decided are counted apart. --spans compares places in the text as well.\n"
     "Exit: 0; 1 the policy does not compile; 2 a file or the command line is wrong, or no row "
     "counted.\n",
     "  constc eval injection.const attacks.jsonl benign.jsonl --text text --label label "
     "--positive attack\n"
     "  constc eval shell.const commands.jsonl --text text --label label --positive dangerous \\\n"
     "      --stage action --tool bash --arg command --category kind --html commands.html\n"
     "  constc eval pii.const pii.jsonl --text text --label label --positive pii --stage output "
     "--spans spans\n",
     eval_options, 2, UINT32_MAX, command_eval},
    {"redteam", "rewrite texts that a policy catches, and see what gets past",
     "FILE DATA… --text FIELD --label FIELD --positive VALUE,…",
     "Takes rows with a positive label that the policy catches as they are, rewrites their texts "
     "(other\n"
     "letters, invisible characters, encodings and so on; --list explains them) alone and in "
     "pairs, and\n"
     "shows which rewriting gets past which rule. The same seed gives the same texts.\n"
     "Exit: 0; 1 the policy does not compile; 2 a file or the command line is wrong.\n",
     "  constc redteam injection.const attacks.jsonl --text text --label label --positive attack\n"
     "  constc redteam injection.const attacks.jsonl --text text --label label --positive attack "
     "\\\n"
     "      --only look_alikes,zero_width --format json\n"
     "  constc redteam --list\n",
     redteam_options, 2, UINT32_MAX, command_redteam},
    {"hook", "answer what the hooks of an agent ask", "claude POLICY [--state DIR] [--allow]",
     "Reads one hook input of Claude Code from stdin, decides it with the policy (.so, or .const) "
     "and the\n"
     "session's past, and writes the hook's answer. constitution-hook does the same with a .so, "
     "faster.\n"
     "Exit: 0 answered; 2, which blocks, for everything else.\n",
     "  constc hook claude coding.const < input.json\n"
     "  constitution-hook claude coding.so --state ~/.local/state/hooks\n",
     hook_options, 2, 2, command_hook},
    {"lsp", "a language server for editors", "",
     "Speaks the Language Server Protocol on stdin and stdout: errors and warnings while a policy "
     "is written, their mends as quick\n"
     "fixes, what a rule means with its definitions written out, where a name is declared, the "
     "outline of a file, its layout.\n",
     "  constc lsp            an editor starts it\n", lsp_options, 0, 0, command_lsp},
    {"version", "print the version", "", "Prints the version of constc.\n", "  constc version\n",
     no_options, 0, 0, command_version},
    {"help", "explain a command", "[COMMAND]",
     "Prints the list of commands, or what one of them does.\n", "  constc help run\n", no_options,
     0, 1, command_help},
    {NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};
