"""The tables that this project keeps by hand: the vendors' extension areas, row by row.

Owns the list of those tables, reading them for the build, and what they are held to: declared ranges, the MJ
list, uniqueness, the order of codes, and the order of radicals that the vendors gave their kanji. Does not
own what
a row says: the files below ``mappings/tables`` are the source, a person edits them, and the build writes them
back unchanged. Needs no package, so that CI holds the tables to this on any machine.

    python mappings/build/kept.py        prints what is wrong; 1 when something is
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rows import DECODE_ONLY, ENCODE_ONLY, GRADES, ROUND_TRIP, Print, Row

MAPPINGS = Path(__file__).resolve().parent.parent
HEADER = ("code", "ucs", "glyph", "flag", "grade", "note")
KEPT = (
    "fujitsu/jef-extension",
    "hitachi/keis-row-9f",
    "hitachi/keis-set3",
    "hitachi/keis78-set3",
    "hitachi/keis83-set3",
    "hitachi/keis90-set3",
    "nec/jips-j-extension",
    "nec/jips-j-signs",
    "unisys/letsj-extension",
)
"""The ids of the tables that are kept by hand."""
Key = tuple[int, int]
"""Radical and the strokes beside it."""


@dataclass(frozen=True)
class Listed:
    """What the MJ list says of a glyph: its text, and its places in the order of radicals."""

    text: str
    keys: tuple[Key, ...]


@lru_cache(maxsize=1)
def mj_list() -> Mapping[str, Listed]:
    """Glyph name → text and radicals, of the MJ list and the 変体仮名 (``mappings/repertoire``)."""
    found = {}
    for name in ("mj-006.02", "hentaigana-002.01"):
        with (MAPPINGS / "repertoire" / f"{name}.tsv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                found[row["name"]] = Listed(text_of(row["ucs"]), tuple(_keys(row["radicals"])))
    return found


def _keys(radicals: str) -> Iterator[Key]:
    for part in radicals.split():
        radical, _, strokes = part.partition(".")
        if radical.isdigit() and strokes.isdigit():
            yield int(radical), int(strokes)


def text_of(ucs: str) -> str:
    """The text of a cell of code points."""
    return "".join(chr(int(part, 16)) for part in ucs.split())


def rows_of(table: str) -> list[Row]:
    """The rows of a table that is kept by hand, in its own order; ValueError names file and line."""
    path = MAPPINGS / "tables" / f"{table}.tsv"
    lines = path.read_text(encoding="utf-8").split("\n")
    if tuple(lines[0].split("\t")) != HEADER or lines[-1]:
        raise ValueError(f"{path}: the header is not {', '.join(HEADER)}, or the last line does not end")
    return [_row(line, f"{path}:{number}") for number, line in enumerate(lines[1:-1], 2)]


def _row(line: str, where: str) -> Row:
    cells = line.split("\t")
    if len(cells) != len(HEADER):
        raise ValueError(f"{where}: {len(cells)} cells, not {len(HEADER)}")
    code, ucs, glyph, flag, grade, note = cells
    glyphs = tuple(glyph.split("|")) if glyph else ()
    return Row(bytes.fromhex(code), Print(text_of(ucs), glyphs), int(flag), note, grade)


def wrong(table: str, rows: Sequence[Row], legal: frozenset[bytes]) -> list[str]:
    """What is wrong with a table's rows, in lines; ``legal``: the codes of its declared ranges."""
    out: list[str] = []
    codes: set[bytes] = set()
    texts: set[str] = set()
    for row in rows:
        where = f"{table} {row.code.hex().upper()}"
        out += [f"{where}: {what}" for what in _wrong_row(row, legal)]
        if row.flag != ENCODE_ONLY and row.code in codes:
            out.append(f"{where}: the code stands twice")
        codes.add(row.code)
        if row.flag == ROUND_TRIP and row.print.text and not row.print.ambiguous:
            if row.print.text in texts:
                out.append(f"{where}: another code encodes this text too")
            texts.add(row.print.text)
    if [row.code for row in rows] != sorted(row.code for row in rows):
        out.append(f"{table}: the rows are not in the order of their codes")
    return out


def _wrong_row(row: Row, legal: frozenset[bytes]) -> Iterator[str]:
    if row.code not in legal:
        yield "outside every declared range"
    if row.grade not in GRADES:
        yield f"the grade {row.grade!r} is none of {', '.join(GRADES)}"
    if row.flag not in (ROUND_TRIP, ENCODE_ONLY, DECODE_ONLY):
        yield f"the flag {row.flag}"
    names = [name for name in row.print.glyphs if name]
    unknown = [name for name in names if name not in mj_list()]
    if unknown:
        yield f"the MJ list has no {', '.join(unknown)}"
    elif not row.print.ambiguous and names and row.print.text != mj_list()[names[0]].text:
        yield f"the text is not that of {names[0]}"
    elif row.print.ambiguous and any(mj_list()[name].text[:1] != row.print.text[:1] for name in names):
        yield "a candidate is another character"
    flagged = row.print.ambiguous or not row.print.text
    if flagged and not row.note:
        yield "a code that waits for a person needs a note that says why"


# -- the order that the vendors gave their kanji -------------------------------------------------------


@lru_cache(maxsize=1)
def _by_character() -> Mapping[str, tuple[Key, ...]]:
    """Character → all places of its forms in the order of radicals."""
    found: dict[str, dict[Key, None]] = {}
    for listed in mj_list().values():
        if listed.text:
            found.setdefault(listed.text[0], {}).update(dict.fromkeys(listed.keys))
    return {character: tuple(keys) for character, keys in found.items()}


def _radicals(row: Row) -> set[int]:
    return {radical for radical, _ in _by_character().get(row.print.text[:1], ())}


def out_of_order(rows: Sequence[Row]) -> tuple[int, list[bytes]]:
    """How many kanji have neighbours to compare, and the codes whose radical lies outside those of both.

    A code is out of order where the kanji before and after it agree with each other (by the number of the
    radical; a kanji may be found under several) and it fits between none of their places.
    """
    kanji = [(row.code, found) for row in rows if (found := _radicals(row))]
    out = []
    for (_, before), (code, mine), (_, after) in zip(kanji, kanji[1:], kanji[2:], strict=False):
        pairs = [(a, b) for a in before for b in after if a <= b]
        if pairs and not any(a <= radical <= b for a, b in pairs for radical in mine):
            out.append(code)
    return len(kanji), out


def main() -> int:
    """Check every kept table against its own ranges and the list of disputes."""
    found = everything_wrong()
    print("\n".join(found) or f"{len(KEPT)} tables kept by hand, nothing wrong")
    return 1 if found else 0


def everything_wrong() -> list[str]:
    """All that is wrong with the kept tables: rows, and codes out of order that no dispute names."""
    import tomllib

    with (MAPPINGS / "disputes.tsv").open(encoding="utf-8", newline="") as stream:
        disputed = {
            (row["table"], row["code"])
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    found = []
    for table in KEPT:
        meta = tomllib.loads((MAPPINGS / "tables" / f"{table}.toml").read_text("utf-8"))
        rows = rows_of(table)
        found += wrong(table, rows, codes_of(meta["range"]))
        for code in out_of_order(rows)[1]:
            if (table, code.hex().upper()) not in disputed:
                found.append(f"{table} {code.hex().upper()}: out of the order of radicals, and in no dispute")
    return found


def codes_of(ranges: Sequence[Mapping[str, object]]) -> frozenset[bytes]:
    """Every code of ranges as a table's TOML has them."""
    out: set[bytes] = set()
    for area in ranges:
        lead = _bytes(area["lead"])
        out |= {bytes((a, b)) for a in lead for b in _bytes(area["trail"])}
    return frozenset(out)


def _bytes(spec: object) -> list[int]:
    parts = [spec] if isinstance(spec, str) else spec
    assert isinstance(parts, list)
    out: list[int] = []
    for part in parts:
        first, _, last = str(part).partition("-")
        out += range(int(first, 16), int(last or first, 16) + 1)
    return out


if __name__ == "__main__":
    sys.exit(main())
