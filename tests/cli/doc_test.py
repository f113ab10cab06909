"""constc doc: a policy as a page."""
import glob
import os
import subprocess
import sys
import tempfile
import time
import unittest

CONSTC = os.path.abspath(sys.argv.pop(1))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UPPER = '''constitution house "2"
principle care "Look before you pay." maps "ISO-1:2"
rule large on action pay under care waivable when args.amount > 100.0 then refuse offering "Pay in parts." because "{args.amount} is much."
'''
POLICY = '''// Pays small sums.
//
// And nothing else.
extends "house.const"
constitution shop "1"
tool pay(to: email, amount: decimal, note?: string) pays
tool look reads
define small(d: decimal) = d <= 5.0
approvals by user
default action deny
// ---- permits ----
// Looking is free: `look` | <b>anything</b>.
permit looking on action look
permit small_sums on action pay when small(args.amount)
waive house.large until "2026-12-31" when args.to == "ann@example.com" because "Ann sells houses."
rule quiet on output in shadow when text contains "a|b" or text matches /x`y/ then flag
test "looking_is free" { action look {} expect permit }
'''
PAGE = '''# shop 1

Pays small sums. And nothing else.

It stands on house.

Of the rules that apply the strictest decides. A condition that cannot be decided makes a rule fire, and a permit not count.

## When no rule speaks

| stage | | decision |
|---|---|---|
| input | what goes into a model | allow |
| output | what comes out of it | allow |
| action | what an agent plans to do | deny, unless a permit below counts |
| result | what a tool answers | allow |
| message | what agents say to each other | allow |

## Principle: care

Look before you pay.  
Maps to ISO-1:2

- **large** (house.const:3), *waivable*
  - on `action pay`
  - when `args.amount > 100.0`
  - then `refuse offering "Pay in parts."`
  - because `"{args.amount} is much."`

## Rules under no principle

- **quiet** (shop.const:16), *in shadow*
  - on `output`
  - when `` text contains "a\\|b" or text matches /x`y/ ``
  - then `flag`

## Permits

- **looking** (shop.const:13): Looking is free: \\`look\\` \\| &lt;b>anything&lt;/b>.
  - on `action look`
  - then `permit`
- **small_sums** (shop.const:14)
  - on `action pay`
  - when `args.amount <= 5.0`
  - then `permit`

## Waivers

- **house.large** (shop.const:15), *until "2026-12-31"*
  - when `args.to == "ann@example.com"`
  - then `waive`
  - because `"Ann sells houses."`

## Tools

| tool | tags | arguments |
|---|---|---|
| pay | pays | to, amount, note? |
| look | reads | any |

## What its tests hold

- looking_is free
'''


class Doc(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def doc(self, path, code=0):
        run = subprocess.run([CONSTC, "doc", path], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run.stdout

    def test_the_page(self):
        self.maxDiff = None
        self.write("house.const", UPPER)
        self.write("shop.const", POLICY)
        self.assertEqual(self.doc("shop.const"), PAGE)

    def test_all_examples(self):
        paths = [path for path in glob.glob(os.path.join(ROOT, "examples/**/*.const"), recursive=True)]
        self.assertGreater(len(paths), 10)
        for path in paths:
            page = self.doc(path)
            self.assertTrue(page.startswith("# "), path)

    def test_many_rules_take_linear_time(self):
        def seconds(count):
            rules = "".join(f"rule r{i} on action pay when args.amount > {i}.0 then deny\n" for i in range(count))
            self.write("many.const", 'constitution many "1"\ntool pay(amount: decimal) pays\n' + rules)
            began = time.process_time(), os.times().children_user
            self.doc("many.const")
            return os.times().children_user - began[1]
        seconds(100)
        small, large = seconds(4000), seconds(16000)
        self.assertLess(large, 12 * small + 0.5)

    def test_trouble(self):
        self.write("bad.const", "rule\n")
        self.doc("bad.const", code=1)
        self.doc("no.const", code=2)


if __name__ == "__main__":
    unittest.main()
