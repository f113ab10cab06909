"""What the page says of each row: the work, how it is measured, the tables, the plots, and who is compared in "where a peer wins".

Columns are (heading, who, what); a ratio is (heading, over, under) of two columns: how many times as long `over` takes.
"""
import re


def number_in(case):
    found = re.search(r"\d[\d,]*", case)
    return int(found.group().replace(",", "")) if found else 0


class Table:
    def __init__(self, columns, ratios=(), cases=None, heading="case", note=None):
        self.columns, self.ratios, self.cases, self.heading, self.note = columns, ratios, cases, heading, note


class Lines:
    """A plot over the number in the case's name."""

    def __init__(self, title, x_name, series, cases=None):
        self.title, self.x_name, self.series, self.cases = title, x_name, series, cases


class Dots:
    def __init__(self, title, series, cases=None):
        self.title, self.series, self.cases = title, series, cases


class Row:
    def __init__(self, number, title, text, tables, plots=(), against=(), short=""):
        self.number, self.title, self.text, self.tables, self.plots = number, title, text, tables, plots
        self.short = short  # why a target is missed, with the profile, and what it would take; instructions are counted, and do not drift with the machine
        self.against = against  # [(ours, theirs, None or the cases)] as (who, what): where theirs is less, the page says so


def has(pattern):
    return lambda case: re.search(pattern, case) is not None


OURS_RULES, OURS_TYPED, OURS_JSON = ("ours", "rules"), ("ours", "typed"), ("ours", "json")
APPS = [("ours", *OURS_TYPED), ("graph in the event", "ours, graph in the event", "typed"), ("ours from JSON", *OURS_JSON), ("Cedar", "Cedar", "decide"),
        ("regorus", "regorus", "decide"), ("OPA", "OPA", "decide")]

START = [("second start", "ours, the cache knows the policy"), ("without work", "ours, without any work"), ("the empty process", "the empty process"),
         ("first start", "ours, the cache is empty"), ("no cache", "ours, no cache")]

ROWS = [
    Row(1, "Structured rules beside the same policy in C", """
One generator writes a policy and, rule for rule, a C program of the same meaning, which the system's C compiler builds with `-O3`. Ten rules a tool; 1,024
random requests; both must name the same fired rules before anything is timed. *Rules* is the compiled rules alone on values that stand ready, against the C
function on its struct. *Decision* is `cst_event_begin`, five setters and `cst_decide`, against filling the struct and calling the C function: there we do what the C
program does not (symbols, required fields, sessions, a report). *Event* is from the bytes of JSON. Target: *rules* within 1.2× of C.""",
        [Table([("rules", "ours", "rules"), ("rules, C", "C by hand", "rules"), ("decision", "ours", "decision"), ("decision, C", "C by hand", "decision"), ("event", "ours", "event")],
               [("rules to C", "rules", "rules, C"), ("decision to C", "decision", "decision, C")])],
        [Dots("The rules alone, beside C", [("ours", "ours", "rules"), ("C by hand", "C by hand", "rules")])],
        [(("ours", "rules"), ("C by hand", "rules"), None), (("ours", "decision"), ("C by hand", "decision"), None)],
        """At 100 rules the two differ by some ten nanoseconds, with a spread that reaches across the target. Ours is reached through the list of the event's groups and one call for each of them, appends a record for
each rule that fired, and has to treat a value that is undecided; the C program sets a bit in a word. The *decision* is dear because of what stands around the rules: see row 4 for where its instructions go."""),
    Row(2, "From ten rules to a hundred thousand", """
All rules are about one tool, so nothing is saved by looking at the tool's name; each wants a team, a kind, a role and an amount, and about twenty are about the
team of a `random` request, however many there are, while `none` asks as a team that no rule knows. Beside it the same policy in our reference evaluator, a walk over the tree of every rule.
Policies of more than 1,000 rules are compiled by the JIT as a service would at once, smaller ones are optimised. Targets: at most 5× from 10 to 10,000 rules, at most 150 ns at
100,000, for the rules alone.""",
        [Table([("rules alone", *OURS_RULES), ("typed call", *OURS_TYPED), ("from JSON", *OURS_JSON), ("tree walk, rules alone", "tree walk", "rules")], [("tree walk to ours", "tree walk, rules alone", "rules alone")], has(r"^\d")),
         Table([(f"{who}, {what}", who, what) for who in ("index", "straight", "tree walk") for what in ("rules", "decision")], cases=has("^rules_index"), heading="five kinds of rules",
               note="`rules_index`: rules about accounts, merchants, folders, amounts and users, mixed. In brackets: near the least and the most of its rounds.")],
        [Lines("Time of the rules alone as their number grows, requests that match", "rules", [("ours", "ours", "rules"), ("tree walk", "tree walk", "rules")], has(r"^\d.*random")),
         Lines("The same, requests that no rule is about", "rules", [("ours", "ours", "rules"), ("tree walk", "tree walk", "rules")], has(r"^\d.*none"))],
        short="""The policy of one kind meets both; the mixed one does not for requests that match. Its index is 2.7 MB at 100,000 rules, 27 bytes a rule, and a request asks six tables and reads four
leaves among them at random. On the machine of this page a read that depends on the one before takes 16 to 19 ns as long as 2 MB are in use, and 130 to 200 ns from 4 MB on (a chain of pointers over a block of each size): the 32 MB of shared cache
that it names are not ours. What is approached together overlaps, but table, cell and leaf follow one another, and so do the levels of a trie of folders, so a request is chains of three to five reads. 150 ns are less than one wait for memory and
about eight for the shared cache. What is left in instructions: 1,040 a request that matches at 1,000 rules, 490 one that does not (callgrind), 50 of them the benchmark's own. The 2,048 requests stand ready in 1.1 MB, which misses the second-level cache
six times a request whatever the index does; at 10 rules, where there is no index, that is nearly all of the time. To reach 150 ns, leaves would have to stand in their tables, and the folders in a hash table by length, for two reads in a chain instead of five."""),
    Row(3, "hospital-N: the policies of a hospital with N departments", """
The workload of SAPL's public benchmark, drawn again from its published facts (seed 42, 33N+5 policies, 500 requests); the published numbers of permits come out, which
checks the generator. Every engine decides all 500 requests as a naive evaluation in Python does, or it is not timed. Who is under which department is static data: ours has it folded in
as sets of staff, as SAPL's published run folds it; Cedar computes the closure of its entities at load; OPA and regorus get the closure as data. Ours is timed in
three ways: *typed* binds six fields and decides, and is what we compare; *from JSON* reads the event's bytes, which no peer is asked to do; *rules alone* is the part that grows.
Cedar's policies put all that a scope can say into the scope; OPA's rules begin with the equalities that its index takes. OPA and regorus are asked only where that stays bearable.
Targets: flat within 20 % from 38 to 9,905 policies, below 150 ns. Published elsewhere (i9-13900KS, 4 GHz, not measured here): SAPL's index 228 → 370 ns, SAPL without it 971 → 578,560 ns.""",
        [Table([("typed", *OURS_TYPED), ("rules alone", *OURS_RULES), ("from JSON", *OURS_JSON), ("Cedar", "Cedar", "decide"), ("OPA", "OPA", "decide"), ("regorus", "regorus", "decide")],
               [("Cedar to typed", "Cedar", "typed")], heading="policies"),
         Table([("ours p50", "ours", "p50"), ("p99", "ours", "p99"), ("Cedar p50", "Cedar", "p50"), ("Cedar p99", "Cedar", "p99"), ("OPA p50", "OPA", "p50"), ("OPA p99", "OPA", "p99")],
               heading="single decisions", note="Single decisions by the clock on the wall, less the price of looking at it: on a machine that has other work, the tail is the machine's.")],
        [Lines("A decision as the hospital grows", "policies", [("ours, typed", *OURS_TYPED), ("ours, rules alone", *OURS_RULES), ("Cedar", "Cedar", "decide"), ("OPA", "OPA", "decide"), ("regorus", "regorus", "decide")])],
        [(OURS_TYPED, ("Cedar", "decide"), None), (OURS_TYPED, ("OPA", "decide"), None), (OURS_TYPED, ("regorus", "decide"), None)],
        """The targets compare with figures of SAPL on another processor. Ours are not flat because there is more to find: with 38 policies the rules are straight code without an index; with 1,655 policies the walk along the index is 925 of the 2,100 instructions of `cst_decide` (callgrind). The rest is that of
row 4, and does not grow. A typed decision below 150 ns would need that rest halved twice."""),
    Row(4, "The three applications of Cedar's paper", """
gdrive, github and tinytodo as in the OOPSLA'24 paper, with facts and requests drawn as in SAPL's seeded port (gdrive with its repaired names of views); the published numbers of
permits come out here too. Several stores of 500 requests a point, the same for everyone, n entities of each kind. The graph of groups and folders is what these policies are about, and
engines have different places for it. *ours* folds it into the policy as sets, one permit for each user, team or repository: the data is then compiled, and a change of the graph is a new policy. *Graph in
the event* keeps the paper's handful of rules and has the host hand over the ancestors as lists with each event, which is parsed and searched each time. Cedar has its entities and their closure
in memory, as does Rego here, although the paper's Rego walked the graph: this is kinder to OPA and regorus than the published comparison. Targets: 50× Cedar, 200× OPA.
Published elsewhere, n = 50 (i9-13900KS, not measured here), median: Cedar 4.10 5.8–11.3 µs, OPA 172–897 µs, SAPL 0.25–0.66 µs.""",
        [Table(APPS, [("Cedar to ours", "Cedar", "ours"), ("regorus to ours", "regorus", "ours"), ("OPA to ours", "OPA", "ours")]),
         Table([("ours p50", "ours", "p50"), ("p99", "ours", "p99"), ("Cedar p50", "Cedar", "p50"), ("Cedar p99", "Cedar", "p99"), ("regorus p50", "regorus", "p50"), ("regorus p99", "regorus", "p99"), ("OPA p50", "OPA", "p50"), ("OPA p99", "OPA", "p99")],
               heading="single decisions"),
         Table([("rules alone, graph folded", "ours", "rules"), ("regorus machine", "regorus", "decide"), ("regorus interpreter", "regorus", "interpreter")], heading="in parts",
               note="Regorus was measured in both of its forms; the tables above take its virtual machine. The rules cannot be timed alone where lists come with the event: they lie in memory that the next event takes.")],
        [Dots("One decision of each application", [("ours", *OURS_TYPED), ("ours, graph in the event", "ours, graph in the event", "typed"), ("Cedar", "Cedar", "decide"), ("regorus", "regorus", "decide"), ("OPA", "OPA", "decide")])],
        [(OURS_TYPED, (who, "decide"), None) for who in ("Cedar", "regorus", "OPA")] + [(("ours, graph in the event", "typed"), (who, "decide"), None) for who in ("Cedar", "regorus", "OPA")],
        """50 times Cedar is some 220 ns. The rules are not what takes longer, they are 20 to 170 ns of it: of the 2,090 instructions of a typed decision of gdrive with n = 50 (callgrind; tinytodo has 2,080) 250 walk the rule index. The rest is
the same for any policy: setting fields 360 (each text is checked to be UTF-8, copied into its slot, and looked for among the policy's constants, which is another 330 with the hash), finishing 300 (verdict, default,
what is kept, the report), required fields 290, beginning an event and emptying what the last one left 270, session, stage and tool 190. Cedar's request stands ready with its entities resolved. To come to 50 times,
these 1,840 instructions would have to be some 600: by strings that the caller has interned once, and by a report that is only made when it is asked for; both are changes to the interface."""),
    Row(5, "One expression: an address, a path, a token", """
The policy of CEL's micro-benchmark. *Published* asks the one request of that benchmark over and over, *mixed* draws 500. The C program compares strings that stand ready with their
lengths; *rules alone* is the nearest to it. The typed call sets three strings and makes a whole decision with sessions, defaults and a report, and cel-go evaluates a checked and optimised
program on a map that stands ready. Target: within 3× of C by hand.""",
        [Table([("rules alone", *OURS_RULES), ("typed", *OURS_TYPED), ("from JSON", *OURS_JSON), ("C by hand", "C by hand", "decide"), ("cel-go", "cel-go", "decide")],
               [("rules alone to C", "rules alone", "C by hand"), ("cel-go to typed", "cel-go", "typed")])],
        [Dots("The expression of CEL's micro-benchmark", [("ours, rules alone", *OURS_RULES), ("ours, typed", *OURS_TYPED), ("C by hand", "C by hand", "decide"), ("cel-go", "cel-go", "decide")])],
        [(OURS_RULES, ("C by hand", "decide"), None), (OURS_TYPED, ("C by hand", "decide"), None), (OURS_TYPED, ("cel-go", "decide"), None)],
        """The rules alone are some 200 instructions on the published request: 59 of compiled code, and 141 in two calls that compare how a text begins (81, and 60 in `memcmp`; callgrind). A C compiler that sees the length of a constant
compares it as words, and makes no call. Compiled code would have to do the same for constants of up to sixteen bytes; texts come with their lengths, but without readable bytes behind them, so it takes a branch on the length before each load."""),
    Row(6, "One tool call of 307 bytes, from bytes to decision", """
A policy of 100 rules: ten on the tool of the call and ninety on others, and then all hundred on its tool. Beside it two libraries that only parse the same bytes: simdjson's document, its On-Demand interface
visiting every value once, and cJSON. They check no types, look nothing up and decide nothing. Target: our whole decision takes less than simdjson's parse alone.""",
        [Table([("from JSON", *OURS_JSON), ("typed", *OURS_TYPED), ("simdjson", "parsers", "simdjson"), ("On-Demand", "parsers", "simdjson, On-Demand"), ("cJSON", "parsers", "cJSON")],
               [("ours to simdjson", "from JSON", "simdjson"), ("ours to cJSON", "from JSON", "cJSON")])],
        [Dots("A decision from bytes, beside parsing alone", [("ours, decided", *OURS_JSON), ("simdjson, parsed", "parsers", "simdjson"), ("simdjson On-Demand, parsed", "parsers", "simdjson, On-Demand"), ("cJSON, parsed", "parsers", "cJSON")])],
        [(OURS_JSON, ("parsers", what), None) for what in ("simdjson", "simdjson, On-Demand", "cJSON")],
        """simdjson's parse is 4,300 to 4,600 instructions for these 307 bytes, our decision 6,400 (callgrind): of these some 3,300 read the event (1,150 its outermost members, 1,470 those of `args` and `user`, 360 the five keys that nobody reads and that are
noted all the same, since a member that stands twice is refused, 220 opening and closing objects), 480 look texts up among the policy's constants, 780 make an address canonical, 140 read the time, and the rest is the decision of row 4. So reading alone
is fewer instructions than simdjson's parse; but of ours five run in a nanosecond, and of simdjson's ten: it finds all quotes and brackets of a block at once and without branches, and branches afterwards on a list of them, while
ours goes from byte to byte as it learns what stands there. The typed call, which reads no JSON, is above simdjson's parse already: no reader, however fast, would meet the target without the changes that row 4 names."""),
    Row(7, "Texts: which of many patterns match", """
10 to 5,000 patterns from a fixed seed (phrases, injections with gaps, credentials, addresses, telephone, card and account numbers), on prose and on text dense with digits, 256 bytes to 64 KiB. Hyperscan gets one
combined database in block mode with each pattern reported once; RE2 one `RE2::Set` with 1 GiB for its automaton; YARA one rule a pattern in fast mode. All answer the same question, which patterns match,
on bytes that stand ready: of ours, `scan_find` alone is timed, without reading JSON, checking UTF-8 or listing places. `RE2::Set` is warm: its automaton was made by a round before on the same text, which repeats, so what
making states costs on a text that says new things is not in its figure; ours and Hyperscan make nothing while they scan. Ours and Hyperscan take turns in one process; RE2 and YARA run after them. Engines differ in small ways (edges of words beyond ASCII, empty and overlapping matches), so the numbers of patterns found are in the second table. Targets: never slower than Hyperscan, twice as fast on prose.""",
        [Table([("ours", "ours", "scan"), ("Hyperscan", "Hyperscan", "scan"), ("RE2::Set", "RE2::Set", "scan"), ("YARA", "YARA", "scan")],
               [("Hyperscan to ours", "Hyperscan", "ours"), ("RE2 to ours", "RE2::Set", "ours"), ("YARA to ours", "YARA", "ours")]),
         Table([("ours", "ours", "found"), ("Hyperscan", "Hyperscan", "found"), ("RE2::Set", "RE2::Set", "found"), ("YARA", "YARA", "found")], heading="patterns found")],
        [Dots("4 KiB of text", [("ours", "ours", "scan"), ("Hyperscan", "Hyperscan", "scan"), ("RE2::Set", "RE2::Set", "scan"), ("YARA", "YARA", "scan")], has(", 4096 bytes")),
         Dots("256 bytes of text", [("ours", "ours", "scan"), ("Hyperscan", "Hyperscan", "scan"), ("RE2::Set", "RE2::Set", "scan"), ("YARA", "YARA", "scan")], has(", 256 bytes"))],
        [(("ours", "scan"), (who, "scan"), None) for who in ("Hyperscan", "RE2::Set", "YARA")],
        short="""1,000 patterns on 256 bytes of prose: 1.7 times, where longer texts reach the target. In a profile of 256 bytes, prose and digits together, half of our own code (55 %) steps automata of expressions of which a beginning was
seen, 15 % tries runs of digits, 12 % gathers answers; the pass for literals is Hyperscan's. RE2::Set takes one look-up a byte, whatever the number of patterns, in an automaton whose
states for this very text are there before it is timed; that beats both wherever there is much to look at: short texts with many patterns, and digits."""),
    Row(8, "Folding text", """
The folded view of a text beside ICU's NFKC_Casefold, from UTF-8 to UTF-8. ICU does less: no look-alikes, no spaced-out words, no map back to the original. Both use memory that they have
already. ICU works in UTF-16 inside, so its conversions count as a caller would pay them; the last column is without. Targets: 30× ICU on ASCII, 4× on mixed text, 1× on others.""",
        [Table([("ours", "ours", "fold"), ("ICU", "ICU", "fold"), ("ICU on UTF-16", "ICU on UTF-16", "fold")], [("ICU to ours", "ICU", "ours")], heading="text")],
        [Dots("Folding a prompt", [("ours", "ours", "fold"), ("ICU", "ICU", "fold")])],
        [(("ours", "fold"), ("ICU", "fold"), None), (("ours", "fold"), ("ICU on UTF-16", "fold"), None)],
        short="""Plain ASCII is a little short, since its 60 ns leave little to take away: in a profile of that prompt 79 % is the look for anything that folding could change, 64 bytes at a time (`plain_roughly`), and the rest the view's own head. With capitals 42 % is that look, 21 % lowers them, and 19 %
clears and hands out memory for the folded text. Mixed text is at ICU's own speed and not beyond it. Its accents and quotes stand a few words apart, so the way of 64 bytes at a time is left again and again for words one by one. In a profile of that text half of the time is those words, letter by letter
through the table (`fold_take_plain`), a sixth the signs beyond ASCII between them, and a sixth what joins the two ways. To get far below would take a vector way that goes on behind a letter of two bytes."""),
    Row(9, "A reply that comes in pieces", """
64 KiB of prose with some addresses, numbers and a card, under a policy with all of std.pii, std.secrets and std.injection, in one block as a JSON event and in pieces. The decision is the same, which the program checks; that the released bytes are the same
is checked by the tests. *Throughput* is that of the pieces, end included, as a part of the block's. Targets: at least half of the block's throughput.""",
        [Table([("block", "ours", "whole")], cases=has("^block$")),
         Table([("a piece", "ours", "piece"), ("the end", "ours", "end"), ("throughput, of the block's", "ours", "throughput of the block")], cases=has("^pieces"))],
        short="""Half is not reached. The end decides the whole text once more, so all pieces together may cost one block, and they cost more: per 64 KiB a block takes 28 million instructions, pieces of four bytes 46. Of those, counted by callgrind, a fifth follows the
patterns (a look-up for each byte of the text and of its folded view), another fifth finds out whether what has begun can still come of anything, mostly by the words that must stand before a number, a sixth lists what was found, and the rest is what each of 16,000 pieces costs by itself: finding where a view can be cut, the
calls, giving the bytes out. A single piece of 64 KiB costs more than the block too, because it lists the matches of each pattern where the block only asks whether there is one until a rule fires."""),
    Row(10, "Rules about the past", """
100 rules of ten kinds (earlier, since, followed by, counts and sums in windows, distinct, latest, keys, labels, across sessions), in sessions from ten events to a million, beside the same number of
rules on the event alone; the difference is what history costs. The events come as JSON. Invariant, from its package, answers a simpler and smaller policy (ten rules that ask whether a payment of some amount came earlier) over the whole trace
with each step, which is the interface that it has for a guard; our answers to that policy are checked to be the same. Its limit on iterations is lifted. Targets: at most 1 µs an event, flat.
Published elsewhere: Dogwood 0.3 ms with 10 policies, 22 ms with 1,000.""",
        [Table([("an event", "ours", "event"), ("of the last tenth", "ours", "event of the last tenth"), ("without history", "ours without history", "event"), ("by hand in C, history alone", "by hand in C", "history alone")], [("to without", "an event", "without history")], cases=has("^(dense|spread), session of")),
         Table([("an event", "ours", "event"), ("without history", "ours without history", "event")], cases=has("^(?!dense|spread).*session of 10000 events"), heading="100 rules of one kind"),
         Table([("Invariant, one step", "Invariant", "decide")], cases=has("^trace"))],
        [Lines("An event as the session grows; a step as the trace grows", "events in the session", [("ours", "ours", "event"), ("ours without history", "ours without history", "event"), ("Invariant", "Invariant", "decide")])],
        short="""Flat it is; what `spread` costs above the same rules without history is about the target, and `dense` is beyond it. There every event is looked at by a hundred questions that share nothing: each remembers it, in a state of its own, and each is asked
again, so a hundred rules are two hundred operations. The third table has their price by kind. The profile has no peak: no function has more than 7 % of `dense`; where keys are compared (`count by a key`, `across sessions`) it is the search
for the key's state, and for `distinct` the lists of values, because a hundred such tables do not stay in the nearest cache. By hand in C the same questions cost a small part of it (its column), with arrays whose size is known, no keys to hash, one clock and no bounds to watch.
To get below would take one state for questions that differ in a constant only."""),
    Row(11, "Compiling, in process", """
From the text of a policy to code that can run, by passes, medians; *code* is all of it. Ten rules a tool, and then all of them on one stage. The JIT's code at once; *optimised* is the tier that is made ahead of
time or in the background. Targets: 40 ms for 1,000 rules, 300 ms for 10,000, linear.""",
        [Table([("parsed and checked", "ours", "parse+check"), ("lowered", "ours", "lower"), ("planned", "ours", "plan"), ("code", "ours", "code")])],
        [Lines("From text to code, ten rules a tool", "rules", [("ours", "ours", "code")], has(r"by tool$"))],
        short="""Rules on one stage stand in the index as data and need next to no code, so they are within the target. Rules that are spread over tools are code, one function a tool. Of 1,000 of them our own passes, and the writing of LLVM's form, are a third of the time,
linking in memory is 1 ms, and the rest is LLVM's way from its form to bytes without any optimisation: 37 of its instructions a rule, a quarter of that time fast instruction selection (which falls back nowhere), a sixth the writer of machine code, a
tenth the fast register allocator, the rest some eighty passes that have little to do; no function has more than 2 %. What a service waits for is not this: with tiers it decides from the first event on by the reference evaluator, and with a
cache the second start compiles nothing."""),
    Row(12, "A cold process", """
A process that opens a compiled policy of 1,000 rules and 1,000 patterns, decides one event and exits, beside `/bin/true` in turn. It links the runtime alone; the program checks that nothing of LLVM is mapped. The runtime is inside of the program
(`libconstitution.a`), with Hyperscan's runtime library, which needs no C++ library: most of a cold start is the kernel's and the dynamic loader's. Targets: at most 3 ms, 8 MB.

Then the same from source, in a process that has the compiler inside (`bench_start`): the second start on a policy that is in the cache, beside the same program without any work, `/bin/true`, the first start, which fills the cache, and a start without one. The program
checks that the second start does not map the code generator. Target: at most 3 ms for a second start; what the program takes without any work, most of it the loader's for Hyperscan with its compiler, stands beside it.""",
        [Table([("process", "ours", "process"), ("the empty process", "the empty process", "process"), ("peak memory", "ours", "peak memory"), ("size of policy.so", "ours", "policy.so")], cases=has("^cold$")),
         Table([(what, who, "process") for what, who in START] + [("second start, processor time", START[0][1], "processor time")], cases=has("^start$"))],
        short="""The second start from source. Half of it is what the same program takes without any work, nearly all of that the loader's for Hyperscan's compiler and the C++ library; the other half reads and hashes the sources, sums and maps the entry, and opens
what is in it. What `constc build` makes, opened by the runtime alone, meets the target (the first table)."""),
    Row(13, "Two threads on one policy", """
Decisions a second from JSON, hospital-5, each thread with its own context; one thread and two take turns, by the clock on the wall. With two cores and other work on them, the rate of two threads is bounded by what is free;
*processor time* of a decision says whether the threads hinder each other: it should not grow. Target: 1.9×.""",
        [Table([("rate", "ours", "rate"), ("processor time", "ours", "processor time")])]),
    Row(14, "Memory", """
Every call of malloc in the process is counted, and so is every call of the allocator that the policy was given, over millions of decisions (half typed, half from JSON, hospital-5) after the context is warm. Target: none, and nothing left.""",
        [Table([("malloc", "ours", "calls of malloc"), ("allocator", "ours", "calls of the allocator"), ("left behind", "ours", "bytes left behind"), ("resident memory grew", "ours", "growth of resident memory"), ("left when all is closed", "ours", "left when all is closed")])]),
]
