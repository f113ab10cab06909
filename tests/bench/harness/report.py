"""The pages: docs/performance.md and docs/performance.html, from the raw results alone."""
import html
import re

from . import plots
from .figures import Figures, part, ratio, scaled, spread, written, written_ratio
from .pages import ROWS, number_in

METHOD = """
- **One command.** `python3 tests/bench/run.py` builds nothing of the project: it takes the programs of a release build, fetches and builds the peers outside of the tree, runs everything, and writes this page and
  the raw figures. `--rows 3,4`, `--peers cedar,opa` (or `none`) and `--quick` do less.
- **The same work.** Workloads come from fixed seeds. Each engine gets the same requests, and each decision is compared with a naive evaluation in Python before anything is timed; who disagrees is not timed.
- **Turns.** Engines are processes that stand ready, and a round of one is followed by a round of the next, so that a slow moment of the machine meets all. The first round is not counted. A figure is the median of the rounds, with the
  10th and 90th percentile in brackets; a ratio is taken round by round, and its median and spread are shown.
- **Processor time.** The machine is shared and virtual. Rounds are measured in processor time of the process, which leaves out what others do but not how they push us out of the caches. Where the wall clock is used, the row says so.
- **Peers at their best.** Each runs as its documentation says is fastest: parsed once, compiled, prepared, natively in its own language, inputs ready in its own form. Garbage collection counts where it happens.
- **Ratios, not nanoseconds.** Another machine has other times. Figures that are quoted from publications are marked as such and were not measured here.
"""

LIMITS = """
- Two virtual cores with other work on them: differences below some ten percent mean nothing, and tails (p99) are the machine's as much as the engine's.
- Workloads 3, 4 and 5 are small, synthetic, and hot in the caches. They say what a decision costs in a loop, not what it costs in a service that does other things between two.
- In row 4 our policies hold the graph as compiled data. Cedar and Rego can change their data without compiling; for us a changed graph is a new policy (row 11), or comes with the event (the second column).
- Our *rules alone* figures leave out binding the event, and are compared only with C that is measured the same way. Everything else of ours includes it, though the peers' requests stand ready bound.
- Peers that answer over a network or in another process (OpenFGA, OPA as a server) were not measured; neither were guards that ask a model.
- Correctness of detectors and of defences for agents is measured elsewhere, not on this page.
"""


def title(number):
    return next(row.title for row in ROWS if row.number == number)


def _slug(text):
    return re.sub(r"[^a-z0-9 -]", "", text.lower()).replace(" ", "-")


def _table(figures, table, cases):
    columns = [column for column in table.columns if any(figures.get(case, column[1], column[2]) for case in cases)]
    if not columns:
        return None
    named = {name: (who, what) for name, who, what in columns}
    ratios = [(name, over, under) for name, over, under in table.ratios if over in named and under in named]
    rows = []
    for case in cases:
        if not any(figures.get(case, who, what) for _, who, what in columns):
            continue
        row = [case]
        for _, who, what in columns:
            values = figures.get(case, who, what)
            row.append(written(values, figures.unit(case, who, what)) if values else "")
        for _, over, under in ratios:
            a, b = figures.get(case, *named[over]), figures.get(case, *named[under])
            row.append(written_ratio(a, b) if a and b and part(b, 0.5) > 0 else "")
        rows.append(row)
    return [table.heading] + [name for name, _, _ in columns] + [name for name, _, _ in ratios], rows


def _plot(figures, plot):
    cases = figures.cases(plot.cases)
    if hasattr(plot, "x_name"):
        series = {name: sorted((number_in(case), *spread(figures.get(case, who, what))) for case in cases if figures.get(case, who, what))
                  for name, who, what in plot.series}
        return plots.lines(plot.title, plot.x_name, series) if any(len(points) > 1 for points in series.values()) else ""
    groups = [(case, [(name, *spread(figures.get(case, who, what))) for name, who, what in plot.series if figures.get(case, who, what)]) for case in cases]
    return plots.dots(plot.title, [group for group in groups if group[1]])


def _wins(figures, row):
    """Where theirs takes less time than ours."""
    for ours, theirs, wanted in row.against:
        for case in figures.cases(wanted):
            a, b = figures.get(case, *ours), figures.get(case, *theirs)
            if a and b and part(b, 0.5) > 0 and ratio(a, b)[0] > 1:
                middle, low, _ = ratio(a, b)
                unit = figures.unit(case, *ours)
                peer = theirs[1] if theirs[0] == "parsers" else theirs[0]
                yield [f"{row.number}", case, f"{', '.join(ours)} {scaled(part(a, 0.5), unit)}", f"{peer} {scaled(part(b, 0.5), unit)}",
                       f"{middle:.2f}×" + ("" if low > 1 else " (within the spread)")]


def _blocks(results):
    """The page as a list of (kind, content), which both forms are written from."""
    machine, versions = results["machine"], results["versions"]
    yield "h1", "Performance"
    yield "p", (f"Measured on {results['date']} at revision `{results['revision']}` in {results['minutes']} minutes" + (", **quick: few rounds and small sizes**" if results["quick"] else "") +
                ". Everything on this page comes from one command, and each row says what it leaves out.")
    virtual = ", a virtual machine" if machine["virtual"] else ""
    yield "p", (f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB{virtual}; {machine['system']}, Linux {machine['kernel']}. Load when it began: "
                f"{machine['load_before']}" + (" — **the machine was busy: trust the ratios, and only where they are large**." if machine["load_before"] > machine["cores"] * 0.75 else "."))
    yield "h2", "Method"
    yield "raw", METHOD.strip()
    figures = {row.number: Figures(results["rows"][str(row.number)]["records"]) for row in ROWS if str(row.number) in results["rows"]}
    wins = [win for row in ROWS if row.number in figures for win in _wins(figures[row.number], row)]
    yield "h2", "Where a peer is faster"
    if wins:
        yield "p", "Every comparison of this run in which the other side took less time than ours, by the median of the ratios:"
        yield "table", (["row", "case", "ours", "theirs", "ours to theirs"], wins)
    else:
        yield "p", "In this run, nowhere."
    for row in ROWS:
        if row.number not in figures:
            continue
        yield "h2", f"{row.number}. {row.title}"
        yield "p", " ".join(row.text.split())
        for plot in row.plots:
            yield "plot", _plot(figures[row.number], plot)
        for table in row.tables:
            made = _table(figures[row.number], table, figures[row.number].cases(table.cases))
            if made:
                yield "table", made
                if table.note:
                    yield "p", table.note
        if row.short:
            yield "p", "**Where it falls short.** " + " ".join(row.short.split())
        missing = results["rows"][str(row.number)]["missing"]
        if missing:
            yield "p", "Not measured:"
            yield "list", [f"{one['who']}{', ' + one['case'] if one['case'] else ''}: {one['why']}" for one in missing]
    yield "h2", "Limits"
    yield "raw", LIMITS.strip()
    yield "h2", "Versions"
    yield "table", (["part", "version"], [[name, version] for name, version in versions.items() if version])


def _cell(text):
    return text.replace("|", "\\|")


def markdown(results, page):
    out = []
    for kind, content in _blocks(results):
        if kind in ("h1", "h2"):
            out.append(("# " if kind == "h1" else "## ") + content)
        elif kind in ("p", "raw"):
            out.append(content)
        elif kind == "list":
            out.append("\n".join(f"- {item}" for item in content))
        elif kind == "table":
            head, rows = content
            out.append("\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]))
        if kind == "h1":
            out.append(f"With plots: [{page}]({page}). Written by `python3 tests/bench/run.py`; do not edit.")
    return "\n\n".join(out) + "\n"


def _inline(text):
    text = html.escape(text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*(.+?)\*", r"<em>\1</em>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


STYLE = """body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1.2rem; }
table { border-collapse: collapse; font-size: 0.82rem; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #ddd; padding: 0.25rem 0.7rem 0.25rem 0; text-align: left; vertical-align: top; font-variant-numeric: tabular-nums; }
th { border-bottom: 2px solid #999; } td:first-child, th:first-child { white-space: nowrap; }
svg { width: 100%; height: auto; margin: 0.5rem 0; border: 1px solid #eee; } code { background: #f4f4f4; padding: 0 0.2em; }"""


def page(results):
    out = ['<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
           f"<title>Constitution: performance</title><style>{STYLE}</style></head><body>"]
    for kind, content in _blocks(results):
        if kind in ("h1", "h2"):
            out.append(f'<{kind} id="{_slug(content)}">{_inline(content)}</{kind}>')
        elif kind == "p":
            out.append(f"<p>{_inline(content)}</p>")
        elif kind == "plot":
            out.append(content)
        elif kind == "list":
            out.append("<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in content) + "</ul>")
        elif kind == "raw":
            items = [" ".join(item.split()) for item in re.split(r"^- ", content, flags=re.M) if item.strip()]
            out.append("<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>")
        elif kind == "table":
            head, rows = content
            out.append("<table><tr>" + "".join(f"<th>{_inline(cell)}</th>" for cell in head) + "</tr>" +
                       "".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in rows) + "</table>")
    return "\n".join(part for part in out if part) + "</body></html>\n"
