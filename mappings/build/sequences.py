"""Writes ``mappings/repertoire/sequences.tsv``: the MJ glyph of a sequence of Adobe-Japan1 or Hanyo-Denshi.

Owns the sequences that Moji_Joho lacks. Does not own what the standards print (``identity.py``), nor what
is done with a sequence that no row names (``docs/shrink.md``).

    python mappings/build/sequences.py [--out DIRECTORY]

Evidence, each of which must name one glyph of the same base character:

- ``number``: Hanyo-Denshi registers the sequence by a number (戸籍統一文字, 登記統一文字, 住基ネット統一文字)
  that the MJ list gives to one glyph;
- ``print``: it is the print of JIS X 0208:1990, JIS X 0212 or JIS X 0213:2004, by its code or by its CID;
- ``outline``: HanaMin draws it exactly as one MJ glyph;
- ``glyphwiki``: npm ``ivs`` has it in one group with one sequence of Moji_Joho.

A sequence on which two of them differ gets no row.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from identity import Identity
from repertoire import write_toml, write_tsv
from sources import IVS, SourceError, unpack

NUMBERS = {"KS": "戸籍統一文字番号", "TK": "登記統一文字番号", "JT": "住基ネット統一文字コード"}
COUNTS = {"Adobe-Japan1": 14_684, "Hanyo-Denshi": 3_179}


class Evidence:
    """What each source says of a sequence: sets of glyph names."""

    def __init__(self) -> None:
        self.identity = Identity()
        self.db = self.identity.db
        self.numbers = {prefix: self._numbered(column) for prefix, column in NUMBERS.items()}
        self.groups = self._groups()

    def _numbered(self, column: str) -> dict[str, set[str]]:
        out: dict[str, set[str]] = defaultdict(set)
        query = f'SELECT "{column}", "MJ文字図形名" FROM mji WHERE "{column}" IS NOT NULL'
        for number, name in self.db.execute(query):
            out[number.removeprefix("J+")].add(name)
        return out

    def _groups(self) -> dict[str, set[str]]:
        """Sequence → the MJ glyphs of the Moji_Joho sequences that GlyphWiki draws alike."""
        data = json.loads((unpack(IVS) / "package/data/ivd.json").read_text("utf-8"))["IVD"]
        out: dict[str, set[str]] = {}
        for base, forms in data.items():
            by_group: dict[str, list[str]] = defaultdict(list)
            for selector, (_, group) in ((s, f) for s, f in forms.items() if s != "std"):
                by_group[group].append(base + selector)
            for group, sequences in by_group.items():
                names = {self.identity.moji_joho[s] for s in sequences if s in self.identity.moji_joho}
                out.update({s: names for s in sequences if group})
        return out

    def of_adobe(self, sequence: str, cid: int) -> dict[str, set[str]]:
        """Of a sequence of Adobe-Japan1."""
        base, found = sequence[0], self._alike(sequence)
        for known, edition in ((self.identity.cid90, "jis90"), (self.identity.cid2004, "jis2004")):
            if known.get(base) == cid and base in self.identity.implemented:
                found["print"] = found.get("print", set()) | set(
                    self.identity.print_ucs(base, edition).glyphs
                )
        return found

    def of_hanyo(self, sequence: str, code: str) -> dict[str, set[str]]:
        """Of a sequence of Hanyo-Denshi."""
        found = self._alike(sequence)
        kind, number = code[:2], code[2:]
        if kind in self.numbers:
            found["number"] = self.numbers[kind].get(number, set())
        elif kind in ("JA", "JC", "JD"):
            plane, row, cell = 2 if kind == "JD" else 1, int(number[:2]), int(number[2:])
            printed = self.identity.print90(row, cell) if kind == "JA" else None
            found["print"] = set(
                printed.glyphs if printed else self.identity.x0213.get((plane, row, cell), ())
            )
        return found

    def _alike(self, sequence: str) -> dict[str, set[str]]:
        outline = self.identity.fonts.outline(sequence)
        forms = {name: self.identity.text[name] for name in self.identity.forms[sequence[0]]}
        same = [name for name, text in forms.items() if self.identity.fonts.outline(text) == outline]
        return {"outline": set(same) if outline else set(), "glyphwiki": self.groups.get(sequence, set())}

    def row(self, sequence: str, collection: str, found: dict[str, set[str]]) -> tuple[dict[str, str], str]:
        """The row of a sequence and ``known``, or no row and why: ``unknown``, ``several`` or ``differ``."""
        fits = {
            kind: {name for name in names if self.identity.text[name][:1] == sequence[0]}
            for kind, names in found.items()
        }
        single = {kind: min(names) for kind, names in fits.items() if len(names) == 1}
        if len(set(single.values())) != 1:
            several = any(fits.values())
            return {}, "differ" if single else "several" if several else "unknown"
        row = {
            "ucs": f"{ord(sequence[0]):04X} {ord(sequence[1]):04X}",
            "glyph": min(single.values()),
            "collection": collection,
            "evidence": " ".join(sorted(single)),
        }
        return row, "known"


def rows() -> tuple[list[dict[str, str]], Counter[tuple[str, str]]]:
    """The rows, and the counts of what was found by collection."""
    evidence = Evidence()
    moji_joho = evidence.identity.moji_joho
    out, counts = [], Counter[tuple[str, str]]()
    sequences: list[tuple[str, str, dict[str, set[str]]]] = []
    for sequence, cid in evidence.db.execute('SELECT IVS, CID FROM "ivs_Adobe-Japan1" ORDER BY IVS'):
        sequences.append((sequence, "Adobe-Japan1", evidence.of_adobe(sequence, cid)))
    for sequence, code in evidence.db.execute('SELECT IVS, code FROM "ivs_Hanyo-Denshi" ORDER BY IVS'):
        if sequence not in moji_joho:
            sequences.append((sequence, "Hanyo-Denshi", evidence.of_hanyo(sequence, code)))
    for sequence, collection, found in sequences:
        row, what = evidence.row(sequence, collection, found)
        counts[collection, what] += 1
        out += [row] if row else []
    check(counts)
    return sorted(out, key=lambda row: [int(c, 16) for c in row["ucs"].split()]), counts


def check(counts: Counter[tuple[str, str]]) -> None:
    """Stops the build when the collections have other sizes than those this script is for."""
    totals: Counter[str] = Counter()
    for (collection, _), count in counts.items():
        totals[collection] += count
    if totals != COUNTS:
        sys.exit(f"sequences: {dict(totals)} instead of {COUNTS}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "repertoire")
    out = parser.parse_args().out
    try:
        found, counts = rows()
    except SourceError as error:
        sys.exit(str(error))
    digest = write_tsv(out / "sequences.tsv", ("ucs", "glyph", "collection", "evidence"), found)
    source = f"""
[[source]]
name = "Ideographic Variation Database, HanaMin, {IVS.name} (GlyphWiki's aliases)"
version = "as in the packages"
sha256 = "{IVS.sha256}"
licence = "Unicode-3.0; SIL OFL 1.1 (no outline is stored); MIT"
what = "mappings/build/sequences.py: sequences that Moji_Joho lacks, and the MJ glyph they show"
"""
    write_toml(
        out / "sequences.toml", "Adobe-Japan1, Hanyo-Denshi → MJ", "2022-09-13", len(found), digest, source
    )
    for (collection, what), count in sorted(counts.items()):
        print(f"{collection}: {count:,} {what}")


if __name__ == "__main__":
    main()
