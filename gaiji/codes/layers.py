"""Layers: which row decides a code when site tables lie over those of the vendor.

Owns the order of the layers (vendor standard < vendor extension < site tables, the last one wins) and the
checks of site rows that need the charset and the repertoire. Rows are parsed in ``gaiji.codes.tables``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gaiji.codes.code import JOINED, Form, write_code
from gaiji.codes.kind import Kind
from gaiji.codes.program import decimal_slots
from gaiji.codes.tables import DECODE_ONLY, ENCODE_ONLY, ROUND_TRIP, Range, Row, Table
from gaiji.errors import TableError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.standard.characters import points
from gaiji.standard.repertoire import Repertoire

Entries = dict[tuple[int, int], "Entry"]
"""(size, code) → the row that decides the code."""


class Entry(NamedTuple):
    """A code's row and the table it came from."""

    row: Row
    table: Table


class Layers:
    """The tables of one charset, ready to be laid one over the other."""

    def __init__(
        self,
        name: str,
        kind: Kind,
        tables: Sequence[Table],
        sites: Sequence[Table],
        ranges: Sequence[Range],
        repertoire: Repertoire,
    ) -> None:
        self.name = name
        self.kind = kind
        self.tables = tuple(tables)
        self.sites = tuple(sites)
        self.ranges = tuple(ranges)
        self.repertoire = repertoire
        self.digits = digits_of(tables)

    def entries(self) -> Entries:
        """(size, code) → entry, vendor tables first, then site tables with their checks."""
        entries: Entries = {}
        for table in self.tables:
            for row in table.rows:
                if row.flag != ENCODE_ONLY:
                    entries[row.size, row.code] = Entry(row, table)
        legal = {(area.size, code) for area in self.ranges for code in area.codes()} if self.sites else set()
        for site in self.sites:
            for row in site.rows:
                row = self._checked(row, site, legal)
                key = (row.size, row.code)
                old = entries.get(key)
                if old is not None:
                    self._check_replaces(row, site, old)
                elif row.replaces:
                    raise self._site_error(
                        site,
                        row,
                        "replaces",
                        fault(
                            "E0364",
                            "replaces {replaces!r}, but nothing maps {code}",
                            replaces=row.replaces[:20],
                            code=self._code(row),
                        ),
                        tr("leave replaces empty"),
                    )
                if row.flag != ENCODE_ONLY:
                    entries[key] = Entry(row, site)
        return entries

    def _checked(self, row: Row, site: Table, legal: set[tuple[int, int]]) -> Row:
        """A site row whose code is in a declared range and whose glyph exists and agrees with its text."""
        if self.kind.unicode:
            self._check_code_point(row, site)
        elif self.kind.numbered:
            self._check_digits(row, site)
        elif (row.size, row.code) not in legal:
            raise self._site_error(
                site,
                row,
                "code",
                fault(
                    "E0365",
                    "maps {code}, which is outside every range of {name}",
                    code=self._code(row),
                    name=self.name,
                ),
                tr("`gaiji charset show {name}` lists the ranges", name=self.name),
            )
        if len(row.text) > 8 or any(c < " " or "\x7f" <= c < "\xa0" for c in row.text):
            raise self._site_error(
                site,
                row,
                "ucs",
                fault("E0029", "gives control characters or more than 8 code points"),
                tr("write the code points of one character"),
            )
        if not row.glyph:
            return row
        glyph = self.repertoire.get(row.glyph)
        if glyph is None:
            raise self._site_error(
                site,
                row,
                "glyph",
                fault(
                    "E0030",
                    "names {glyph!r}, which {version} does not have",
                    glyph=row.glyph[:20],
                    version=self.repertoire.version,
                ),
                tr("write an MJ name, or import the GJ list it is from (gaiji repertoire import-gj)"),
            )
        if row.text and row.text not in (glyph.text, glyph.form("needed")):
            right = points(glyph.text) or "(empty)"
            raise self._site_error(
                site,
                row,
                "ucs",
                fault("E0031", "gives a text that is not {glyph}'s", glyph=glyph.name),
                tr("write {right}, or leave ucs empty", right=right),
            )
        return Row(row.code, row.size, glyph.text, glyph.name, *row[4:])

    def _check_code_point(self, row: Row, site: Table) -> None:
        """Site rows for Unicode sources: a character, or a base with its selector."""
        basic = row.size == 2 and not 0xD800 <= row.code <= 0xDFFF
        if not basic and row.size != JOINED and not (row.size == 3 and row.code <= 0x10FFFF):
            raise self._site_error(
                site,
                row,
                "code",
                fault(
                    "E0366",
                    "maps {code}, which no site table can map for {name}",
                    code=self._code(row),
                    name=self.name,
                ),
                tr("write 4 to 6 hex digits (no surrogate), or base and selector, like 845B_E0101"),
            )

    def _check_digits(self, row: Row, site: Table) -> None:
        """Site rows for numbered characters have as many digits as the charset's."""
        digits = self.digits
        if row.size != digits or row.code >= decimal_slots(digits):
            raise self._site_error(
                site,
                row,
                "code",
                fault(
                    "E0367", "maps {code}, which is no number of {name}", code=self._code(row), name=self.name
                ),
                tr(
                    "write {digits} digits, at most {value:0{digits}d}",
                    digits=digits,
                    value=decimal_slots(digits) - 1,
                ),
            )

    def _check_replaces(self, row: Row, site: Table, old: Entry) -> None:
        """An override must state what it overrides: the old glyph's name, or the old code points."""
        ucs = points(old.row.text)
        says_the_same = (row.glyph, row.text) == (old.row.glyph, old.row.text)
        if not row.replaces and (says_the_same or not (old.row.text or old.row.glyph)):
            return  # a code that was decided before a shipped table had a row for it
        if not row.replaces:
            raise self._site_error(
                site,
                row,
                "replaces",
                (
                    fault(
                        "E0368",
                        "overrides {code} of {name}:{line} without stating the old value",
                        code=self._code(row),
                        name=Path(old.table.path).name,
                        line=old.row.line,
                    )
                ),
                tr("write {glyph} in the column replaces, if that is meant", glyph=old.row.glyph or ucs),
            )
        if row.replaces not in (old.row.glyph, ucs):
            raise self._site_error(
                site,
                row,
                "replaces",
                fault(
                    "E0369",
                    "says that {code} was {replaces!r}",
                    code=self._code(row),
                    replaces=row.replaces[:20],
                ),
                tr(
                    "it is {glyph} in {name}:{line}",
                    glyph=old.row.glyph or ucs,
                    name=Path(old.table.path).name,
                    line=old.row.line,
                ),
            )

    def _site_error(self, site: Table, row: Row, column: str, what: Fault, next: str) -> TableError:
        return TableError(what, path=site.path, line=row.line, column=column, next=next)

    def _code(self, row: Row) -> str:
        return write_code(self.kind.form, row.code, row.size)


def with_half(entries: Entries, half: int) -> Entries:
    """The rows where a byte is a blank among double bytes, too (-1: none is): no pair begins with it, and
    what such a pair was the code of is that of the row that only decoded to it."""
    gone = [
        entry.row for (size, code), entry in entries.items() if half >= 0 and size == 2 and code >> 8 == half
    ]
    left = {key: entry for key, entry in entries.items() if entry.row not in gone} if gone else entries
    for text in (row.text for row in gone if row.flag == ROUND_TRIP):
        heir = next((k for k, e in left.items() if e.row.text == text and e.row.flag == DECODE_ONLY), None)
        if heir is not None:
            left[heir] = Entry(left[heir].row._replace(flag=ROUND_TRIP), left[heir].table)
    return left


def digits_of(tables: Sequence[Table]) -> int:
    """Digits of a number where characters are numbers, else 0."""
    return next((row.size for table in tables if table.form is Form.NUMBER for row in table.rows), 0)
