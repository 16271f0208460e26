"""Writes ``mappings/repertoire/codepoints.tsv`` and ``registered.tsv``: what Unicode says of code points and
sequences.

``codepoints.tsv``: the assigned code points as ranges, each of one kind: ``kanji`` (Unified_Ideograph, and
the compatibility ideographs), ``control`` (Cc), ``format`` (Cf, Zl, Zp: direction marks among them),
``private`` (Co), ``other``. What no range names is unassigned, a surrogate or a noncharacter.

``registered.tsv``: the variation sequences of the Ideographic Variation Database and of the standardised
variants of compatibility ideographs, with the collection and, for the latter, the ideograph. Those that the
MJ list has, or ``sequences.tsv``, are left out: there is an answer for them.

    python mappings/build/codepoints.py [--out DIRECTORY]
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from repertoire import write_toml, write_tsv
from sources import MOJIDATA, UNICODE, SourceError, unpack

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
KINDS = (
    ("other", "General_Category/Unassigned"),
    ("private", "General_Category/Private_Use"),
    ("control", "General_Category/Control"),
    ("format", "General_Category/Format"),
    ("format", "General_Category/Line_Separator"),
    ("format", "General_Category/Paragraph_Separator"),
    ("kanji", "Binary_Property/Unified_Ideograph"),
)
COMPATIBILITY = ((0xF900, 0xFAFF), (0x2F800, 0x2FA1F))
TOTALS = {"private": 137_468, "control": 65, "kanji": 102_998}
COLLECTIONS = ("Adobe-Japan1", "Hanyo-Denshi", "KRName", "MSARG", "Moji_Joho")


def ranges(name: str) -> Iterable[range]:
    """The code points of one property, as the package holds them: gaps and lengths in base 64 digits, as many
    as their first three bits say."""
    text = (unpack(UNICODE) / "package" / name / "ranges.mjs").read_text("utf-8")
    found = re.search(r"decodeRanges\(\s*'([^']*)'", text)
    if found is None:
        raise SourceError(f"{UNICODE.name}: {name} has another form")
    values, digits = [], [DIGITS.index(c) for c in found[1]]
    while digits:
        first = digits.pop(0)
        more = {4: 1, 5: 1, 6: 2, 7: 3}.get(first >> 3, 0)
        value = first & {0: 63, 1: 15, 2: 7, 3: 7}[more]
        for _ in range(more):
            value = value << 6 | digits.pop(0)
        values.append(value)
    end = -1
    for gap, length in zip(values[::2], values[1::2], strict=True):
        begin = end + 1 + gap
        end = begin + 1 + length
        yield range(begin, end)


def code_points() -> list[dict[str, str]]:
    """The ranges of one kind each, in order."""
    kinds = ["other"] * 0x110000
    for kind, name in KINDS:
        for some in ranges(name):
            kinds[some.start : some.stop] = ["" if name.endswith("Unassigned") else kind] * len(some)
    kinds[0xD800:0xE000] = [""] * 0x800
    for first, last in COMPATIBILITY:
        for point in range(first, last + 1):
            kinds[point] = "kanji" if kinds[point] else ""
    for plane in range(17):
        kinds[plane << 16 | 0xFFFE : (plane << 16 | 0xFFFF) + 1] = ["", ""]
    for kind, total in TOTALS.items():
        if kinds.count(kind) != total:
            sys.exit(f"codepoints: {kinds.count(kind)} of {kind} instead of {total}")
    out = []
    for kind, group in groupby(range(0x110000), key=kinds.__getitem__):
        points = list(group)
        if kind:
            out.append({"first": f"{points[0]:04X}", "last": f"{points[-1]:04X}", "kind": kind})
    return out


def registered(known: Path) -> list[dict[str, str]]:
    """The sequences that are registered and have no MJ glyph, those that several collections have once."""
    db = sqlite3.connect(f"file:{unpack(MOJIDATA) / 'package/dist/moji.db'}?mode=ro", uri=True)
    answered = {line.split("\t")[0] for line in known.read_text("utf-8").splitlines()[1:]}
    found: dict[str, tuple[str, str]] = {}
    counts = dict.fromkeys(COLLECTIONS, 0)
    for text, collection in db.execute("SELECT IVS, collection FROM ivs ORDER BY IVS, collection"):
        counts[collection] += 1
        ucs = " ".join(f"{ord(c):04X}" for c in text)
        if collection == "Moji_Joho":
            answered.add(ucs)
        found.setdefault(ucs, (collection, ""))
    for text, ideograph in db.execute("SELECT SVS, CJKCI FROM svs_cjkci ORDER BY SVS"):
        found[" ".join(f"{ord(c):04X}" for c in text)] = ("standardised", f"{ord(ideograph):04X}")
    if 0 in counts.values():
        sys.exit(f"codepoints: {counts} sequences of the collections")
    rows = [
        {"ucs": ucs, "collection": collection, "ideograph": ideograph}
        for ucs, (collection, ideograph) in found.items()
        if ucs not in answered
    ]
    return sorted(rows, key=lambda row: [int(c, 16) for c in row["ucs"].split()])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "repertoire")
    out = parser.parse_args().out
    try:
        points = code_points()
        sequences = registered(out / "sequences.tsv")
    except SourceError as error:
        sys.exit(str(error))
    source = f"""
[[source]]
name = "{UNICODE.name}"
version = "{UNICODE.version}"
sha256 = "{UNICODE.sha256}"
licence = "{UNICODE.licence}"
what = "{UNICODE.what}"
"""
    digest = write_tsv(out / "codepoints.tsv", ("first", "last", "kind"), points)
    write_toml(out / "codepoints.toml", "Code points and their kinds", "17.0.0", len(points), digest, source)
    digest = write_tsv(out / "registered.tsv", ("ucs", "collection", "ideograph"), sequences)
    source = """
[[source]]
name = "Ideographic Variation Database; StandardizedVariants.txt"
version = "as in the package"
sha256 = ""
licence = "Unicode-3.0"
what = "mappings/build/codepoints.py: sequences that are registered and that no MJ glyph is known for"
"""
    title = "Registered variation sequences without an MJ glyph"
    write_toml(out / "registered.toml", title, "2022-09-13", len(sequences), digest, source)


if __name__ == "__main__":
    main()
