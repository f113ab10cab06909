"""Markers in the texts of *.cases.jsonl, so that no file of the project holds anything that looks like a live credential.

{KIND:N} stands for N characters of an alphabet, {rep:X:N} for N times X. The characters are pseudo-random and the same everywhere: one
generator a text, state = 1 at its start, and for each character state = (state * 1103515245 + 12345) mod 2^31, index =
(state >> 16) mod length of the alphabet. Braces that are no marker stand for themselves.
"""
import re

LOWER, UPPER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
ALPHABETS = {
    "digits": DIGITS, "hex": DIGITS + "abcdef", "HEX": DIGITS + "ABCDEF", "lower": LOWER, "upper": UPPER, "letters": LOWER + UPPER,
    "base32": UPPER + "234567", "base36": DIGITS + LOWER, "BASE36": DIGITS + UPPER, "base62": DIGITS + LOWER + UPPER,
    "base64": DIGITS + LOWER + UPPER + "+/", "url64": DIGITS + LOWER + UPPER + "_-",
}
MARKER = re.compile(r"\{(?:(%s):(\d+)|rep:([^}]):(\d+))\}" % "|".join(ALPHABETS))


def expand(text):
    state = 1

    def fill(match):
        nonlocal state
        if match.group(3):
            return match.group(3) * int(match.group(4))
        alphabet, out = ALPHABETS[match.group(1)], ""
        for _ in range(int(match.group(2))):
            state = (state * 1103515245 + 12345) % (1 << 31)
            out += alphabet[(state >> 16) % len(alphabet)]
        return out

    return MARKER.sub(fill, text)
