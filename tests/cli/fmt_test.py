"""constc fmt: what it writes, where, and when it leaves files alone."""
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv.pop(1))
LOOSE = 'rule   a on input\nwhen text contains  "x"\n      then deny   // stop\n\n\n\n'
NEAT = 'rule a on input\n  when text contains "x"\n  then deny   // stop\n'
WRONG = 'rule a on input\n when text contians "x"   then deny\n'


class Fmt(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, text in ("loose.const", LOOSE), ("neat.const", NEAT), ("wrong.const", WRONG):
            (self.folder / name).write_text(text)

    def fmt(self, *words, text="", code=0):
        run = subprocess.run([CONSTC, "fmt", *words], input=text.encode(), capture_output=True, cwd=self.folder, timeout=60)
        out, err = run.stdout.decode(), run.stderr.decode()
        self.assertEqual(run.returncode, code, f"{words}\n{out}\n{err}")
        return out, err

    def text(self, name):
        return (self.folder / name).read_bytes().decode()

    def test_writes_the_file(self):
        os.chmod(self.folder / "loose.const", 0o640)
        self.assertEqual(self.fmt("loose.const"), ("", ""))
        self.assertEqual(self.text("loose.const"), NEAT)
        self.assertEqual(stat.S_IMODE(os.stat(self.folder / "loose.const").st_mode), 0o640)
        self.assertEqual(sorted(os.listdir(self.folder)), ["loose.const", "neat.const", "wrong.const"])

    def test_leaves_what_is_neat(self):
        before = os.stat(self.folder / "neat.const")
        self.assertEqual(self.fmt("neat.const"), ("", ""))
        after = os.stat(self.folder / "neat.const")
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_check_lists_and_writes_nothing(self):
        self.assertEqual(self.fmt("--check", "loose.const", "neat.const", code=1), ("loose.const\n", ""))
        self.assertEqual(self.text("loose.const"), LOOSE)
        self.assertEqual(self.fmt("--check", "neat.const"), ("", ""))

    def test_errors_leave_the_file_and_not_the_others(self):
        out, err = self.fmt("wrong.const", "loose.const", code=1)
        self.assertEqual(out, "")
        self.assertIn("wrong.const:2:", err)
        self.assertIn("constc: 1 error", err)
        self.assertEqual(self.text("wrong.const"), WRONG)
        self.assertEqual(self.text("loose.const"), NEAT)
        self.fmt("--check", "wrong.const", "neat.const", code=1)

    def test_what_does_not_compile_but_parses_is_laid_out(self):
        self.assertEqual(self.fmt("-", text="import  nowhere\nrule a on action nothing\nthen deny")[0],
                         "import nowhere\nrule a on action nothing\n  then deny\n")

    def test_stdin(self):
        self.assertEqual(self.fmt("-", text=LOOSE), (NEAT, ""))
        self.assertEqual(self.fmt("-", text=""), ("", ""))
        self.assertEqual(self.fmt("-", text=" \n\n"), ("", ""))
        self.assertEqual(self.fmt("-", "--check", text=LOOSE, code=1), ("stdin\n", ""))
        self.assertEqual(self.fmt("-", "--check", text=NEAT), ("", ""))
        out, err = self.fmt("-", text=WRONG, code=1)
        self.assertEqual(out, "")
        self.assertIn("stdin:2:", err)

    def test_line_ends_and_byte_order_mark(self):
        crlf = NEAT.replace("\n", "\r\n")
        self.assertEqual(self.fmt("-", text=LOOSE.replace("\n", "\r\n"))[0], crlf)
        self.assertEqual(self.fmt("-", text=crlf)[0], crlf)
        self.assertEqual(self.fmt("-", text="\ufeff" + LOOSE)[0], "\ufeff" + NEAT)

    def test_links_stay(self):
        (self.folder / "link.const").symlink_to("loose.const")
        self.fmt("link.const")
        self.assertTrue((self.folder / "link.const").is_symlink())
        self.assertEqual(self.text("loose.const"), NEAT)

    @unittest.skipUnless(os.geteuid() == 0, "only root gives files away")
    def test_the_owner_stays(self):
        os.chown(self.folder / "loose.const", 1234, 4321)
        self.fmt("loose.const")
        about = os.stat(self.folder / "loose.const")
        self.assertEqual((about.st_uid, about.st_gid, self.text("loose.const")), (1234, 4321, NEAT))

    def test_what_is_no_source(self):
        self.assertIn("no.const", self.fmt("no.const", code=2)[1])
        (self.folder / "lib.so").write_bytes(b"\x7fELF")
        self.assertIn("compiled", self.fmt("lib.so", code=2)[1])
        self.fmt(code=2)
        self.assertEqual(self.fmt("no.const", "loose.const", code=2)[0], "")
        self.assertEqual(self.text("loose.const"), NEAT)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_folder_that_cannot_be_written(self):
        os.chmod(self.folder, 0o555)
        try:
            self.assertIn("loose.const", self.fmt("loose.const", code=2)[1])
        finally:
            os.chmod(self.folder, 0o755)
        self.assertEqual(self.text("loose.const"), LOOSE)

    def test_deep_and_many_lines_stay_small(self):
        deep = 'test "x" {\n  action t { a:\n' + "[\n" * 300 + "]" * 300 + "\n}\n}\n"
        out, _ = self.fmt("-", text=deep)
        self.assertLess(max(len(line) for line in out.splitlines()), 400)
        comments = "rule a on input when text contains\n" + "//\n" * 20000 + " " * 30000 + '"x" then deny\n'
        self.assertLess(len(self.fmt("-", text=comments)[0]), 20 * len(comments))


if __name__ == "__main__":
    unittest.main()
