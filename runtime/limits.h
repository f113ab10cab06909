/*
 * limits.h - every bound of Constitution, in one place, each with its reason.
 *
 * Nothing in this project is cut silently: whoever reaches a bound below answers with an error that
 * names it (a diagnostic at compile time, a malformed event or an undecided condition at run time),
 * and at run time that error never makes a decision more lenient. docs/limits.md is written from
 * this file by a test, so a bound without a comment does not build.
 *
 * Layer 0 of both halves; it includes nothing.
 */
#ifndef CONSTITUTION_RUNTIME_LIMITS_H
#define CONSTITUTION_RUNTIME_LIMITS_H

/* ---- policies: what the compiler accepts ---- */

#define LIMIT_SOURCE_BYTES (16u << 20)       /* one .const file; byte ranges are 32 bits wide */
#define LIMIT_SET_FILE_BYTES (256u << 20)    /* one `set … from` file: a million long entries */
#define LIMIT_SET_ENTRIES 1000000u           /* entries of one set */
#define LIMIT_TOOLS_FILE_BYTES (64u << 20)   /* one `import tools` file */
#define LIMIT_FILES 1000u                    /* files of one policy: layers, imports and modules */
#define LIMIT_LAYERS 16u                     /* files stacked by `extends` */
#define LIMIT_RULES 1000000u                 /* rules, permits and waivers of one policy */
#define LIMIT_TOOLS 65535u                   /* tools of one policy; tool numbers are 16 bits wide */
#define LIMIT_NAME_BYTES 256u                /* one identifier or quoted name */
#define LIMIT_STRING_BYTES (1u << 20)        /* one string literal */
#define LIMIT_PARSE_DEPTH 1000               /* Lemon's stack: nesting of one declaration */
#define LIMIT_EXPRESSION_DEPTH 200u          /* nesting of a condition after definitions are replaced */
#define LIMIT_EXPRESSION_NODES 4000000u      /* nodes of all conditions after definitions are replaced */
#define LIMIT_UNROLLED_SET 256u              /* elements of a set that `any x in SET` may go through */
#define LIMIT_TYPE_DEPTH 32u                 /* nesting of a declared type or JSON Schema */
#define LIMIT_SCHEMA_STEPS 100000u           /* schemas read for one imported tool: references can double them at each level */
#define LIMIT_DIAGNOSTICS 200u               /* errors, and as many warnings, reported in one run; the rest are counted */
#define LIMIT_COVER_STEPS 50000000u          /* comparisons in the search for rules that others cover: about a second */
#define LIMIT_SLOTS 65535u                   /* distinct fields that one policy reads */
#define LIMIT_COMPILE_STACK (8u << 20)        /* stack of a thread that makes code in the background: as a main thread usually has, since the code generator recurses */
#define LIMIT_IMAGE_BYTES (2047u << 20)      /* tables of one compiled policy: offsets are 32 bits */
#define LIMIT_INDEX_DEPTH 48u                /* nodes of a rule index on one way: each asks something new */
#define LIMIT_INDEX_PREFIX_BYTES 200u        /* a prefix that a rule index tells apart: longer ones by their beginning */

/* ---- the cache of compiled policies: what one folder keeps ---- */

#define LIMIT_CACHE_ENTRIES 256u             /* compiled policies; past that, those that were used longest ago go */
#define LIMIT_CACHE_BYTES (512u << 20)       /* the same by their bytes */
#define LIMIT_CACHE_ENTRY_BYTES (256u << 20) /* one of them: a larger policy is compiled at each start */
#define LIMIT_CACHE_LEFTOVER_SECONDS 3600u   /* after that, a temporary file is one that an interrupted process left */

/* ---- events: what the runtime accepts (defaults; cst_limits of a context may lower them) ---- */

#define LIMIT_EVENT_BYTES (16u << 20)        /* one event as JSON */
#define LIMIT_CONVERSATION_BYTES (64u << 20) /* one recorded conversation: the adapters read it whole */
#define LIMIT_SSE_EVENT_BYTES (16u << 20)    /* one server-sent event of a streamed reply, its lines together: some carry the whole reply again */
#define LIMIT_REPLY_CALLS 1024u              /* tool calls of one streamed reply that are open together: each is looked for by its number */
#define LIMIT_REPLY_CALL_BYTES (16u << 20)   /* arguments of one streamed tool call: it becomes one event */
#define LIMIT_MCP_OPEN 4096u                 /* requests of one MCP stream that wait for their answer: who never answers would fill the memory */
#define LIMIT_MCP_OPEN_BYTES (64u << 20)     /* their ids, tools and arguments */
#define LIMIT_HOOK_SECONDS 20u               /* one call of constitution-hook: an agent's patience ends later, and takes that for no objection */
#define LIMIT_HOOK_STATE_BYTES (64u << 20)   /* the file that keeps a session between two calls */
#define LIMIT_JSON_DEPTH 64u                 /* nesting of one event */
#define LIMIT_JSON_SCANNER_DEPTH 256          /* nesting that the JSON reader can hold at all: tools files may be deeper than events */
#define LIMIT_JSON_MEMBERS 100000u           /* members of one JSON object */
#define LIMIT_LIST_ELEMENTS 100000u          /* elements of a list whose type names no bound */
#define LIMIT_TEXT_BYTES (16u << 20)         /* a string whose type names no bound */
#define LIMIT_SCRATCH_BYTES (64u << 20)      /* memory that one decision may use for joined strings */
#define LIMIT_SESSIONS 1000000u              /* sessions that one context remembers */
#define LIMIT_AWAY_SESSIONS 10000000u        /* sessions that one context knows to have been put away; further ones stay where they are */
#define LIMIT_SESSION_BYTES 1024u            /* the name of one session: it is remembered */
#define LIMIT_HOST_PREDICATES 1000u          /* host predicates of one policy */
#define LIMIT_HOST_ARGUMENTS 8u              /* arguments of one host predicate */
#define LIMIT_HOST_WITHIN_US 86400000000 /* the longest deadline of a host predicate: a day */
#define LIMIT_HOST_QUESTIONS 64u             /* questions that the host is asked about one event; what further ones would say is undecided */
#define LIMIT_PENDING_EVENTS 1024u           /* events of one context that wait for answers; past it the oldest can no more be resumed */
#define LIMIT_PENDING_BYTES (256u << 20)     /* memory of those events and their questions */
#define LIMIT_SPANS 256u                     /* spans reported for one fired rule; more are counted */
#define LIMIT_SPAN_STEPS (16u << 20)         /* list elements looked at to count spans past LIMIT_SPANS; then their number is a lower bound */
#define LIMIT_MESSAGE_BYTES (64u << 10)      /* one interpolated message; longer ones end in an ellipsis and set a flag */

/* ---- text: what scanning and views accept ---- */

#define LIMIT_PATTERN_POSITIONS 4000u        /* characters classes of one pattern after its counts are written out: each costs a bit of every step */
#define LIMIT_PATTERN_STATES 512u           /* states of a pattern's table; a pattern that needs more is run position by position */
#define LIMIT_PATTERN_STATES_SEARCHED 2048u /* the same for a pattern that is tried at every place of a text, where a table is worth more */
#define LIMIT_PATTERN_GATE 256u              /* of a pattern without a table, the states that turn most places away: some letters of each word that it begins with */
#define LIMIT_PATTERN_PARTS 64000u           /* parts of one pattern after its counts are written out: those of empty parts multiply without making positions */
#define LIMIT_PATTERN_DEPTH 200u             /* nesting of groups in one regular expression */
#define LIMIT_PATTERNS 100000u               /* patterns of one database */
#define LIMIT_PATTERN_AFTER 1000u            /* characters before a match in which the words of `after` are looked for */
#define LIMIT_CHECKED_ENDS 1024u           /* ends of one match that a check is tried on, from the longest; past that the pattern is undecided */
#define LIMIT_SCAN_STEPS (64u << 20)         /* steps of the automata for one pattern in one text, at least; longer texts get 256 a byte */
#define LIMIT_FOLLOW_STATES 8192u            /* states of a stream's automaton for one database, made as texts need them; past that they are made anew */
#define LIMIT_FOLLOW_PARTS 131072u           /* what all of them know of single patterns; past that they are made anew */
#define LIMIT_FOLLOW_CROWDS 4096u            /* lists of states of all starts at once, of a stream's automaton for one database; past that they are made anew; a power of two */
#define LIMIT_DECODE_DEPTH 4u                /* encodings inside of encodings that the view `decoded` undoes */
#define LIMIT_DECODE_SEGMENTS 4096u          /* encoded runs of one text that it looks into */
#define LIMIT_DECODE_BYTES (64u << 20)       /* bytes that it makes of one text */
#define LIMIT_DECODE_GROWTH 8u               /* bytes that it makes for each byte of the text: encodings four deep make three, and only a text that was made for it makes more */
#define LIMIT_REPEAT_CHARS 10000u            /* N of `repeats N chars of`, at most; at least LIMIT_REPEAT_LEAST */
#define LIMIT_REPEAT_LEAST 8u                /* shorter runs are shared by any two texts */
#define LIMIT_ORIGIN_BYTES (4u << 20)        /* text of one origin that a session remembers; when more comes, what asks for it is undecided */
#define LIMIT_PROVENANCE_BYTES (64u << 20)   /* memory of one session for `from`: texts and leaves of its origins with their index; past that what comes is lost, and `from` true or undecided */
#define LIMIT_PROVENANCE_STEPS 16384u        /* comparisons that `from` may cost for one leaf, and 8 more for each byte of it: all of its words stand many thousand times in the texts; then it is undecided */
#define LIMIT_FROM_CHARS 10000u              /* N of `down to N chars`, at most: longer values are whole leaves or nothing */
#define LIMIT_MATCHES 100000u                /* matches of one pattern kept as a list; more are counted, and the rule fires as undecided where it needs them */

/* ---- history: what is remembered of events that are over ---- */

#define LIMIT_PAST_STEPS 8u                  /* A followed by B followed by …: steps of one question */
#define LIMIT_PAST_KEYS 8u                   /* values that one question compares with the event in hand */
#define LIMIT_PAST_EVENTS 1024u              /* events of one window, or distinct values, kept for one key; when more come, what asks for them is undecided */
#define LIMIT_PAST_TEXT_BYTES 4096u          /* a text that `latest` remembers; a longer one is undecided */
#define LIMIT_SESSION_PAST_KEYS 4096u        /* keys of one question in one session; when more come, what is asked of others is undecided */
#define LIMIT_SESSION_PAST_BYTES (16u << 20) /* history of one session */
#define LIMIT_SHARED_PAST_KEYS 1000000u      /* keys of one question across sessions, within its window */
#define LIMIT_SHARED_PAST_BYTES (1u << 30)   /* history across sessions */
#define LIMIT_SNAPSHOT_BYTES (64u << 20)     /* states of one session, or across sessions, that changed while streamed replies were open: kept as they were; past it what those replies ask is undecided */
#define LIMIT_APPROVALS 64u                  /* grants that one event brings, the standing ones of its session among them; what stands behind them meets nothing */
#define LIMIT_REQUEST_BYTES 2000u            /* arguments shown in the text of a request; longer ones end in an ellipsis */
#define LIMIT_APPROVER_BYTES 255u            /* the name of who approves */
#define LIMIT_APPROVAL_SECONDS 86400u        /* how long an approval may hold where the rule says no `within`: a day */
#define LIMIT_STANDING_SECONDS 31622400u     /* how long a standing approval may hold: 366 days. What should hold longer is a rule */
#define LIMIT_STANDING_USES 1000000u         /* how often one may be used, where the rule counts: more is any number */
#define LIMIT_USED_GRANTS 1024u              /* grants of one session that were used and have not expired; with more, no grant meets anything */
#define LIMIT_SHARED_GRANTS 1000000u         /* the same of all sessions of a policy; with more, a grant that was not used yet meets nothing */
#define LIMIT_CHAIN_AGENTS 256u              /* agents of one session whose messages are followed; with more, events whose rules read `chain` are denied */
#define LIMIT_LABELS 256u                    /* labels of one policy, and of one session */

/* ---- commands: what the analysis of a shell line accepts; past it every question about the line is undecided ---- */

#define LIMIT_COMMAND_BYTES (256u << 10)     /* one shell line: a file written by a here-document fits */
#define LIMIT_COMMAND_SCRIPTS (1u << 20)     /* bytes of the line and of all scripts inside of its words: `sh -c "sh -c …"` */
#define LIMIT_COMMAND_DEPTH 32u              /* nesting of lists, substitutions, wrappers and scripts */
#define LIMIT_COMMAND_STEPS 20000u           /* simple commands of one script, and programs that one line runs */
#define LIMIT_COMMAND_FUNCTIONS 64u          /* functions of one line: each is looked for among all commands */

/* ---- measuring: what `constc eval` and `constc redteam` accept ---- */

#define LIMIT_EVAL_GROUPS 1000u              /* categories, labels and types counted apart; a table for people is no longer, the rest is "(others)" */
#define LIMIT_EVAL_EXAMPLES 1000u            /* misses, and false alarms, that are kept to be shown */
#define LIMIT_EVAL_SPANS 4096u               /* marked spans of one row: each is compared with all that were found */
#define LIMIT_EVAL_ROUNDS 1000u              /* passes over the data to measure the time */
#define LIMIT_REDTEAM_ROWS 10000u            /* caught rows that are kept to be rewritten */
#define LIMIT_MUTANTS 10000u                 /* changes of one policy that `test --mutate` tries: each is a run of all tests */
#define LIMIT_REDTEAM_TEXT_BYTES (64u << 10) /* a text that is rewritten, before: about nine hundred texts are made of it */

/* ---- editors: what `constc lsp` accepts ---- */

#define LIMIT_LSP_MESSAGE_BYTES (64u << 20)    /* one message: a policy of the largest size, escaped */
#define LIMIT_LSP_DOCUMENTS 1000u              /* open documents; each is held with what was found out about it */

#endif
