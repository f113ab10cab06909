"""std.pii beside Presidio's recognisers, on Presidio's own cases, in one run.

    python3 tests/measure/presidio.py CONSTC [DATA] [--update]

For each kind of pii/presidio_recognizer_tests that std.pii has patterns for, both look at the same rows: Presidio by calling the recogniser that the rows
were written for (no engine, no model, no words of context), std.pii by `constc eval`, as detectors.py does. The rows' labels are what Presidio's tests
expect of Presidio, so it does well by construction: the table says where std.pii expects something else, not which of the two is right. Needs the
package presidio-analyzer, which nothing else here needs; without it the script says so and ends with 77, which test runners take for a skip. With
--update the table between the markers of docs/detectors.md is replaced.
"""
import os
import pathlib
import sys
import tempfile

import detectors

SKIPPED = 77
# Kinds whose recogniser is not called by the kind's own words: "au_abn" is AuAbnRecognizer without further ado.
NAMES = {"certificate_number": "MedicalLicense", "mac": "MacAddress", "ph_mobile_number": "Phone", "tr_phone_number": "Phone", "uk_nhs": "Nhs", "us_driver_license": "UsLicense"}
REGIONS = {"ph_mobile_number": ["PH"], "tr_phone_number": ["TR"]}
SURE = 0.5  # what a service would act upon; Presidio gives forms without a check less, and raises them where a word of context stands near


def recogniser(module, kind):
    name = NAMES.get(kind, "".join(word.capitalize() for word in kind.split("_"))) + "Recognizer"
    made = getattr(module, name, None)
    if made is None:
        return None
    return made(supported_regions=REGIONS[kind]) if kind in REGIONS else made()


def presidio_finds(found, rows, least):
    """(rows found, spans found exactly, benign rows matched), for results of at least that score."""
    hits = spans = false = 0
    for row, results in zip(rows, found):
        places = {(result.start, result.end) for result in results if result.score >= least}
        if row["label"] == "pii":
            hits += bool(places)
            spans += sum(tuple(span) in places for span in row["spans"] or [])
        else:
            false += bool(places)
    return hits, spans, false


def std_finds(measure, names, rows, module):
    result = measure.eval([f"contains {module}.{name}" for name in names.split()], rows, "pii", True)
    return result["matrix"]["true_positive"], result["spans"]["exact"]["recall"]["hits"], result["matrix"]["false_positive"]


def compare(measure, module):
    data, lines, left, sums = measure.rows("pii/presidio_recognizer_tests"), [], [], [0] * 15
    for kind, names in sorted(detectors.KINDS.items()):
        rows = [row for row in data if row["kind"] == kind]
        theirs = recogniser(module, kind)
        if theirs is None:
            left.append(kind)
            continue
        found = [theirs.remove_duplicates(theirs.analyze(row["text"], theirs.supported_entities, None)) for row in rows]
        finders = [presidio_finds(found, rows, 0.0001), presidio_finds(found, rows, SURE), std_finds(measure, names, rows, "bare"), std_finds(measure, names, rows, "pii")]
        totals = [sum(row["label"] == "pii" for row in rows), sum(len(row["spans"] or []) for row in rows if row["label"] == "pii"), sum(row["label"] != "pii" for row in rows)]
        figures = totals + [figure for finder in finders for figure in finder]
        sums = [a + b for a, b in zip(sums, figures)]
        if figures[3:6] != figures[9:12]:
            lines.append([f"`{kind}`"] + figures)
    lines.append(["**all kinds**"] + sums)
    cells = [[line[0]] + [f"{line[at]} · {line[at + 1]} · {line[at + 2]}" for at in range(1, len(line), 3)] for line in lines]
    head = ["kind", "in the data", "Presidio, any score", f"Presidio, score {SURE} up", "std.pii, no word asked", "std.pii"]
    note = "Each cell: rows found · spans exact · rows without that were matched. Kinds where the first and the third are the same are only in the sum."
    return detectors.table(head, cells) + [note + (f" No recogniser of that name: {', '.join(left)}." if left else ""), ""]


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    data = words[1] if len(words) > 1 else os.environ.get("CONSTITUTION_DATA", "")
    if not words:
        sys.exit(__doc__)
    if not data or not (pathlib.Path(data) / "pii/presidio_recognizer_tests.jsonl").is_file():
        sys.exit("presidio: no evaluation data: name its folder, or set CONSTITUTION_DATA")
    try:
        import logging

        logging.getLogger("tldextract").setLevel(logging.CRITICAL)  # it wants to fetch a list of domains, and falls back to its own
        import presidio_analyzer.predefined_recognizers as module
        from importlib.metadata import version
    except ImportError:
        print("presidio: skipped, the package presidio-analyzer is not installed", file=sys.stderr)
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        measure = detectors.Measure(str(pathlib.Path(words[0]).resolve()), pathlib.Path(data), pathlib.Path(folder))
        lines = compare(measure, module) + [f"Measured with presidio-analyzer {version('presidio-analyzer')}.", ""]
    if "--update" not in sys.argv:
        print("\n".join(lines))
    else:
        page = detectors.ROOT / "docs/detectors.md"
        page.write_text(detectors.placed(page.read_text(encoding="utf-8"), "presidio", lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
