"""Facts that no package holds, as rows: ``documented.tsv`` and NEC's byte table.

Owns reading the two files (each row carries its source in ``note``) and the single-byte tables that are
stated as differences from NEC's. Does not own which table they join.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import icu
from identity import Identity
from rows import DECODE_ONLY, ENCODE_ONLY, ROUND_TRIP, Print, Row, once_each

HERE = Path(__file__).resolve().parent
# JIS X 0201: what single bytes of JIS8 are. 5C and 7E follow the vendors' own tables, which write the
# ASCII characters there (see docs/charsets.md, Single bytes); the JIS names are read when encoding.
YEN, OVERLINE = "\u00a5", "\u203e"


@dataclass(frozen=True)
class Documented:
    """One line of ``documented.tsv``; ``ucs`` is None for a code that the source leaves undefined."""

    code: bytes
    ucs: str | None
    glyph: str
    flag: int
    note: str


def rows_for(table: str) -> list[Documented]:
    """The documented rows of one table."""
    out = []
    lines = (HERE / "documented.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "table\tcode\tucs\tglyph\tflag\tnote", lines[0]
    for line in lines[1:]:
        name, code, ucs, glyph, flag, note = line.split("\t")
        if name == table:
            text = None if ucs == "-" else "".join(chr(int(part, 16)) for part in ucs.split())
            out.append(Documented(bytes.fromhex(code), text, glyph, int(flag), note))
    return out


def printed(entry: Documented, identity: Identity) -> Row:
    """A documented double-byte row with its glyph: the one named, or the JIS90 print of the character."""
    if entry.glyph:
        found = Print(identity.text[entry.glyph], (entry.glyph,))
    else:
        assert entry.ucs is not None
        found = identity.print_ucs(entry.ucs, "jis90")
    return Row(entry.code, found, entry.flag, entry.note, "one")


def jis_x_0201() -> list[Row]:
    """Single bytes of JIS8: controls, the ASCII half, kana; A0 and E0-FF are undefined."""
    rows = [Row(bytes((b,)), Print(chr(b))) for b in range(0xA0)]
    rows += [Row(bytes((b,)), Print(chr(0xFF61 + b - 0xA1))) for b in range(0xA1, 0xE0)]
    alias = "the JIS X 0201 name of the character"
    rows.append(Row(b"\x5c", Print(YEN), ENCODE_ONLY, alias))
    rows.append(Row(b"\x7e", Print(OVERLINE), ENCODE_ONLY, alias))
    return rows


def nec_bytes() -> list[int]:
    """NEC's byte table: the JIPS(E) byte of each JIPS(J) byte, a permutation of 00-FF."""
    lines = (HERE / "nec-jis8-to-ebcdik.tsv").read_text(encoding="ascii").splitlines()[1:]
    cells = [line.split("\t") for line in lines]
    table = {int(j, 16): int(e, 16) for j, e in cells}
    assert sorted(table) == sorted(table.values()) == list(range(256))
    return [table[b] for b in range(256)]


def nec_ebcdik() -> list[Row]:
    """Single bytes of NEC's EBCDIC-kana: JIS8 through the byte table."""
    to_e = nec_bytes()
    return [Row(bytes((to_e[r.code[0]],)), r.print, r.flag, r.note) for r in jis_x_0201()]


@lru_cache(maxsize=1)
def _published() -> frozenset[tuple[bytes, str]]:
    """Code and text of the single bytes that IBM published for Japanese EBCDIC (CCSID 290 and 1027)."""
    tables = [icu.converter_table(name)[0] for name in ("ibm-930_P120-1999", "ibm-939_P120-1999")]
    return frozenset((code, text) for entries in tables for code, text, _ in entries)


def single_bytes(table: str) -> list[Row]:
    """A vendor's single bytes, graded: standard where IBM published the same for EBCDIC, two where NEC's
    table and
    the public reference agree, one where only the reference has it."""
    own = {change.code for change in rows_for(table)}

    def graded(row: Row) -> Row:
        published = (row.code, row.print.text) in _published()
        return replace(row, grade="standard" if published else "one" if row.code in own else "two")

    return [graded(row) for row in _single_bytes(table)]


def _single_bytes(table: str) -> list[Row]:
    """NEC's single bytes, with the differences that ``documented.tsv`` lists for the table."""
    changes = rows_for(table)
    decoded = {c.code: c for c in changes if c.flag != ENCODE_ONLY}
    base = [r for r in nec_ebcdik() if r.code not in decoded and r.flag != ENCODE_ONLY]
    rows = base + [Row(c.code, Print(c.ucs), ROUND_TRIP) for c in decoded.values() if c.ucs is not None]
    rows = once_each(sorted(rows, key=lambda r: r.code))
    have = {row.print.text: row.code for row in rows if row.flag != DECODE_ONLY}
    extra = [(c.code, c.ucs) for c in changes if c.flag == ENCODE_ONLY and c.ucs]
    if "\\" in have:
        extra.append((have["\\"], YEN))
    if "~" in have:
        extra.append((have["~"], OVERLINE))
    return rows + [Row(code, Print(text), ENCODE_ONLY) for code, text in extra if text not in have]
