"""Which text has which code: what ``encode`` writes and what ``verify`` compares with.

Owns the order in which texts claim codes. The arrays that the kernel takes are made in
``gaiji.codes.encoding``, rows are decided in ``gaiji.codes.layers``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gaiji.codes.code import JOINED, value_of
from gaiji.codes.encoding import BLOCKED, compile_codes
from gaiji.codes.layers import Entries
from gaiji.codes.program import LOST, Controls, K, Recipe, Unit
from gaiji.codes.spec import DASHES
from gaiji.codes.tables import DECODE_ONLY, ENCODE_ONLY, Row, Table
from gaiji.codes.unicode import flagged_points
from gaiji.kernel import encode as kernel_encode
from gaiji.standard.codepoints import pack, unpack
from gaiji.standard.forms import is_special
from gaiji.standard.repertoire import Repertoire

MOST = 4
"""Charsets of which a process holds what it compiled, beyond those in use."""


@dataclass(frozen=True)
class Made:
    """What was compiled of the texts of a charset; only ever added to."""

    codes: dict[object, kernel_encode.Codes] = field(default_factory=dict)
    encodings: dict[tuple[int, str], dict[str, Row]] = field(default_factory=dict)


_made: dict[str, Made] = {}
_lock = threading.Lock()


def made_of(identity: str) -> Made:
    """What this process compiled of the same files before, by any charset of that identity
    (``gaiji.codes.compiled``): a town's jobs, and pieces of one, load it again and again."""
    with _lock:
        found = _made.pop(identity, None) or Made()
        _made[identity] = found  # the last that was asked for is the last to go
        while len(_made) > MOST:
            del _made[next(iter(_made))]
    return found


def forget_made() -> None:
    """Compile anew from here on, as another process would."""
    with _lock:
        _made.clear()


class Texts:
    """The texts of one charset and their codes, for each mode of a field.

    ``units``: form → what each code becomes when it is decoded. ``made``: where they are kept; not those of
    a form that a file says, which may be another tomorrow.
    """

    def __init__(
        self,
        recipe: Recipe,
        tables: Sequence[Table],
        entries: Callable[[], Entries],
        repertoire: Repertoire,
        units: Callable[[str], Iterable[Unit]],
        made: Made,
    ) -> None:
        self.recipe = recipe
        self.tables = tuple(tables)
        self._laid = entries
        self.repertoire = repertoire
        self._units = units
        self._made, self._own = made, Made()

    @property
    def entries(self) -> Entries:
        """(size, code) → the row that decides the code: the charset keeps them."""
        return self._laid()

    def _kept(self, form: str) -> Made:
        return self._own if is_special(form) else self._made

    def codes(self, mode: int, form: str = "needed") -> kernel_encode.Codes:
        """What ``encode`` uses: every text that may stand for a code, aliases included, for one field
        mode. ``form``: that of the output which is encoded."""
        key, kept = ("codes", mode, form if is_special(form) else "needed"), self._kept(form).codes
        if key not in kept:
            values = {text: value_of(row.code, row.size) for text, row in self.encoding(mode, form).items()}
            geta = values.get("〓", values.get("?", 0)) or (0x3013 if self.recipe.kind.unicode else 0)
            kept[key] = compile_codes(self.recipe, values, shifts=mode == K["MIXED"], geta=geta)
        return kept[key]

    def proof(self, mode: int, *, name_field: bool, form: str, controls: Controls) -> kernel_encode.Codes:
        """What ``verify`` uses: exactly the texts that decoding writes, each for the code that owns it.

        Left out are codes whose decoding is a finding; rows that only decode have a text but not its code.
        """
        key, kept = (mode, name_field, controls, form), self._kept(form).codes
        if key not in kept:
            reads = [
                u
                for u in self._units(form)
                if u.reason is None and u.text and not (name_field and u.text in LOST)
                if controls.texts.isdisjoint(u.text)
            ]
            values: dict[str, int] = {}
            entries = self.entries
            for unit in reads:
                if self._owns(entries[unit.size, unit.code].row, mode):
                    values.setdefault(unit.text, value_of(unit.code, unit.size))
            blocked = b""
            if self.recipe.kind.unicode:
                values |= dict.fromkeys(LOST if name_field else (), BLOCKED)
                values |= dict.fromkeys(controls.texts, BLOCKED)
                values |= {u.text: BLOCKED for u in self._units(form) if _keeps_itself(u)}
                blocked = self._blocked(name_field)
            kept[key] = compile_codes(
                self.recipe, values, shifts=mode == K["MIXED"], reads=reads, blocked=blocked
            )
        return kept[key]

    def _owns(self, row: Row, mode: int) -> bool:
        """Whether the text of a row, as far as it has one, is that code's. A sequence of Unicode stands for
        itself, and has no other."""
        joined = self.recipe.kind.unicode and row.size == JOINED
        return row.flag != DECODE_ONLY and self._fits(row, mode) and not joined

    def _fits(self, row: Row, mode: int) -> bool:
        """Whether the code of a row can stand in a field of that mode."""
        half = row.size == 1 and row.code == self.recipe.half
        return mode == K["MIXED"] or half or (row.size == 1) == (mode == K["SINGLE"])

    def _blocked(self, name_field: bool) -> bytes:
        """Unicode charsets: 1 for each code point whose decoding is a finding though its text may stay:
        private use, and in names kanji that the standard lacks."""
        marks = flagged_points(self.repertoire, name_field=name_field)
        for size, code in self.entries:
            if size != JOINED:
                marks[code] = 0
        return bytes(marks)

    def encoding(self, mode: int = K["MIXED"], form: str = "needed") -> dict[str, Row]:
        """Text → row in a field of that mode. The first to claim a text keeps it: what decoding writes, full
        texts, the tables' own texts and encode-only rows, then other dashes and plain forms that mean a
        glyph. ``form``: what decoding writes in a form beside the standard's comes before all of them."""
        key, kept = (mode, form if is_special(form) else "needed"), self._kept(form).encodings
        if key not in kept:
            own = self._encoding(mode)
            kept[key] = own | self._in_form(mode, form) if is_special(form) else own
        return kept[key]

    def _in_form(self, mode: int, form: str) -> dict[str, Row]:
        """What decoding writes in a form, with the first row of each text."""
        out: dict[str, Row] = {}
        entries = self.entries
        for unit in self._units(form):
            row = entries[unit.size, unit.code].row
            if unit.reason is None and unit.text and self._owns(row, mode):
                out.setdefault(unit.text, row)
        return out

    def _encoding(self, mode: int) -> dict[str, Row]:
        entries = [e.row for e in self.entries.values() if self._owns(e.row, mode)]
        plain = [row for row in entries if row.sure]
        decoded = {(u.size, u.code): u.text for u in self._units("needed")}
        rows: dict[str, Row] = {}
        for row in plain:
            rows.setdefault(decoded[row.size, row.code], row)
        for row in plain:
            rows.setdefault(row.text, row)
        for table in self.tables:
            for row in table.rows:
                if row.flag == ENCODE_ONLY and self._fits(row, mode):
                    rows.setdefault(row.text, row)
        for row in entries:  # candidates of ambiguous rows stand for them by the plain base
            rows.setdefault(row.text, row)
        for text, row in list(rows.items()):
            for dashes in DASHES.values():
                rows.setdefault(text.translate(dashes), row)
        for short, name in self.repertoire.defaults().items():  # compatibility ideographs among them
            full = self.repertoire.get(name)
            if full is not None and full.text in rows:
                rows.setdefault(short, rows[full.text])
        rows.pop("", None)
        return rows | self._explicit(entries)

    def _explicit(self, entries: Sequence[Row]) -> dict[str, Row]:
        """Unicode charsets in which a plain character means another glyph than the standard's (option
        ``shape``): the standard's is its sequence there."""
        out: dict[str, Row] = {}
        for row in entries:
            plain = chr(row.code) if self.recipe.kind.unicode and len(row.text) > 1 else ""
            glyph = self.repertoire.get(self.repertoire.defaults().get(plain, ""))
            if glyph is not None and len(glyph.text) == 2 and row.text[0] == plain:
                sequence = self.entries.get((JOINED, pack(glyph.text)))
                out |= {plain: sequence.row} if sequence else {}
        return out

    @cached_property
    def glyph_texts(self) -> dict[str, str]:
        """Glyph name → a text that encodes to the code of that glyph."""
        plain = self.repertoire.forms("needed") if self.recipe.kind.unicode else {}
        return {name: text for name, text in plain.items() if text} | {
            e.row.glyph: e.row.text
            for e in self.entries.values()
            if e.row.glyph and e.row.sure and self._owns(e.row, K["MIXED"])
        }


def _keeps_itself(unit: Unit) -> bool:
    """Whether a unit of Unicode is a finding whose text may stay as it is."""
    if unit.reason is None:
        return False
    return unit.text == (unpack(unit.code) if unit.size == JOINED else chr(unit.code))
