"""Charsets: shift sequences and layered tables as one thing that decodes and encodes.

Owns the charset files (``mappings/charsets/*.toml``), the layering of tables (vendor standard < vendor
extension < site tables), the checks that need the repertoire, and ``Charset`` with its streaming decoder.
The bytes are read in ``gaiji.kernel.decode``; rows are parsed in ``gaiji.codes.tables``.
"""

from __future__ import annotations

import tomllib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from gaiji.codes.encoding import BLOCKED, code_of, compile_codes, encode_one, value_of
from gaiji.codes.program import (
    CONTROLS,
    DEFAULT_POLICY,
    LOST,
    WIDE_PLANES,
    Compiler,
    K,
    Recipe,
    Unit,
    decimal_slots,
)
from gaiji.codes.tables import DECODE_ONLY, ENCODE_ONLY, Range, Row, Table, load_site, load_table
from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import CharsetError, GaijiError, TableError
from gaiji.kernel import decode as kernel
from gaiji.kernel import encode as kernel_encode
from gaiji.model import Decoded, Finding, Provenance, Reason
from gaiji.standard.repertoire import Repertoire, load_repertoire

DASHES = {
    "jis": {
        0xFF5E: 0x301C,
        0x2225: 0x2016,
        0xFF0D: 0x2212,
        0x2015: 0x2014,
        0xFFE0: 0xA2,
        0xFFE1: 0xA3,
        0xFFE2: 0xAC,
    },
    "microsoft": {
        0x301C: 0xFF5E,
        0x2016: 0x2225,
        0x2212: 0xFF0D,
        0x2014: 0x2015,
        0xA2: 0xFFE0,
        0xA3: 0xFFE1,
        0xAC: 0xFFE2,
    },
    "source": {},
}
"""Wave dash and friends, one option for every charset: JIS X 0213's reading, Microsoft's, or the table's."""
MAX_PROGRAMS = 8
"""Compiled programs that a charset keeps: one for each combination of policies, form and role, megabytes
each.
"""
MODES = {"mixed": K["MIXED"], "dbcs": K["DOUBLE"], "sbcs": K["SINGLE"]}


@dataclass(frozen=True)
class Spec:
    """A charset file."""

    name: str
    title: str
    family: str
    kind: str
    single: tuple[str, ...] = ()
    double: tuple[str, ...] = ()
    triple: tuple[str, ...] = ()
    shift_in: tuple[bytes, ...] = ()
    shift_out: tuple[bytes, ...] = ()
    pad_single: int = 0x40
    pad_double: bytes = b"\x40\x40"
    note: str = ""
    ranges: tuple[Range, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A code's row and the table it came from."""

    row: Row
    table: Table


@dataclass(frozen=True)
class Units:
    """The source units of one decoded column: ``codes`` (uint32: code | bytes << 24), row ends in
    ``ends``."""

    codes: array[int]
    ends: array[int]


def charset_names() -> tuple[str, ...]:
    """Every supported charset, sorted."""
    return tuple(sorted(path.stem for path in (mappings_dir() / "charsets").glob("*.toml")))


@lru_cache(maxsize=64)
def load_spec(name: str) -> Spec:
    """The charset file of that name; CharsetError with the nearest name when there is none."""
    if name not in charset_names():
        raise CharsetError(
            f"there is no charset {name[:40]!r}", next=_nearest(name, charset_names(), "gaiji charset list")
        )
    path = mappings_dir() / "charsets" / f"{name}.toml"
    meta = tomllib.loads(path.read_text("utf-8"))
    from gaiji.codes.tables import _range  # the ranges of Unicode charsets stand in the charset file

    return Spec(
        name=name,
        title=meta["title"],
        family=meta["family"],
        kind=meta["kind"],
        single=tuple(meta.get("single", ())),
        double=tuple(meta.get("double", ())),
        triple=tuple(meta.get("triple", ())),
        shift_in=tuple(bytes.fromhex(s) for s in meta.get("shift_in", ())),
        shift_out=tuple(bytes.fromhex(s) for s in meta.get("shift_out", ())),
        pad_single=int(meta.get("pad_single", "40"), 16),
        pad_double=bytes.fromhex(meta.get("pad_double", "4040")),
        note=meta.get("note", ""),
        ranges=tuple(_range(item) for item in meta.get("range", ())),
        options=meta.get("options", {}),
    )


def code_system(name: str) -> str:
    """The short name of a charset's code system, as it stands in findings, tags and the review queue."""
    spec = load_spec(name)
    tables = [load_table(table_id) for table_id in (*spec.single, *spec.double, *spec.triple)]
    return _system(tables)


def _system(tables: Sequence[Table]) -> str:
    wide = [t for t in tables if not t.ranges or t.ranges[0].size > 1 or t.decimal] or list(tables)
    return wide[0].system if wide else "UCS"


def load_charset(
    name: str,
    site: Sequence[str | Path] = (),
    *,
    options: Mapping[str, str] | None = None,
    repertoire: Repertoire | None = None,
) -> Charset:
    """The charset of that name with site tables over it, later ones winning.

    ``options``: ``dash`` (jis, microsoft, source), ``pua`` (a convention of the charset, or a start code
    point such as ``E92E``) and what the charset itself offers, e.g. ``reading`` of the JEF charsets.
    """
    spec = load_spec(name)
    chosen = _options(spec, options or {})
    tables: list[Table] = []
    for which in ("single", "double", "triple"):
        ids = list(getattr(spec, which))
        for option, value in chosen.items():
            ids += spec.options.get(option, {}).get(value, {}).get(which, [])
        tables += [load_table(table_id) for table_id in ids]
    decimal = spec.kind == "decimal"
    sites = [load_site(path, decimal=decimal) for path in site]
    return Charset(spec, tables, sites, chosen, repertoire or load_repertoire())


def _options(spec: Spec, given: Mapping[str, str]) -> dict[str, str]:
    known = {"dash": ("jis", "microsoft", "source"), "pua": ()} | {
        name: tuple(option["values"]) for name, option in spec.options.items()
    }
    chosen = {"dash": "jis", "pua": "linear"} | {name: o["default"] for name, o in spec.options.items()}
    for name, value in given.items():
        if name not in known:
            raise CharsetError(
                f"{spec.name} has no option {name[:40]!r}",
                next=_nearest(name, known, f"gaiji charset show {spec.name}"),
            )
        if known[name] and value not in known[name]:
            raise CharsetError(
                f"option {name} of {spec.name} cannot be {value[:40]!r}",
                next=f"use one of {', '.join(known[name])}",
            )
        chosen[name] = value
    return chosen


def _nearest(name: str, known: Iterable[str], command: str) -> str:
    from rapidfuzz import process

    best = process.extractOne(name, list(known), score_cutoff=60)
    hint = f"did you mean {best[0]!r}? " if best else ""
    return f"{hint}`{command}` lists them"


class Charset:
    """One vendor charset with its layers; ``load_charset`` makes it. Safe to use from several threads."""

    def __init__(
        self,
        spec: Spec,
        tables: Sequence[Table],
        sites: Sequence[Table],
        options: Mapping[str, str],
        repertoire: Repertoire,
    ) -> None:
        self.spec = spec
        self.name = spec.name
        self.options = dict(options)
        self.tables = tuple(tables)
        self.sites = tuple(sites)
        self.repertoire = repertoire
        self.ranges = tuple(r for table in tables for r in table.ranges) + spec.ranges
        self.system = _system(tables)
        self.entries = self._layer()
        self._recipe()  # a wrong option is an error now, not at the first character
        self._programs: dict[Any, kernel.Program] = {}
        self._codes: dict[Any, kernel_encode.Codes] = {}
        self._encodings: dict[int, dict[str, Row]] = {}

    def __repr__(self) -> str:
        return f"<Charset {self.name}: {len(self.entries)} codes>"

    # -- layers ---------------------------------------------------------------------------------

    def _layer(self) -> dict[tuple[int, int], Entry]:
        """(size, code) → entry, vendor tables first, then site tables with their checks."""
        entries: dict[tuple[int, int], Entry] = {}
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
                        f"replaces {row.replaces[:20]!r}, but nothing maps {self.hex(row)}",
                        "leave replaces empty",
                    )
                if row.flag != ENCODE_ONLY:
                    entries[key] = Entry(row, site)
        return entries

    def _checked(self, row: Row, site: Table, legal: set[tuple[int, int]]) -> Row:
        """A site row whose code is in a declared range and whose glyph exists and agrees with its text."""
        if self.spec.kind.startswith("utf"):
            self._check_code_point(row, site)
        elif self.spec.kind == "decimal":
            self._check_digits(row, site)
        elif (row.size, row.code) not in legal:
            raise self._site_error(
                site,
                row,
                "code",
                f"maps {self.hex(row)}, which is outside every range of {self.name}",
                f"`gaiji charset show {self.name}` lists the ranges",
            )
        if len(row.text) > 8 or any(c < " " or "\x7f" <= c < "\xa0" for c in row.text):
            raise self._site_error(
                site,
                row,
                "ucs",
                "gives control characters or more than 8 code points",
                "write the code points of one character",
            )
        if not row.glyph:
            return row
        glyph = self.repertoire.get(row.glyph)
        if glyph is None:
            raise self._site_error(
                site,
                row,
                "glyph",
                f"names {row.glyph[:20]!r}, which {self.repertoire.version} does not have",
                "write an MJ name, or import the GJ list it is from (gaiji repertoire import-gj)",
            )
        if row.text and row.text not in (glyph.text, glyph.form("needed")):
            right = " ".join(f"{ord(c):04X}" for c in glyph.text) or "(empty)"
            raise self._site_error(
                site,
                row,
                "ucs",
                f"gives a text that is not {glyph.name}'s",
                f"write {right}, or leave ucs empty",
            )
        return row._replace(text=glyph.text, glyph=glyph.name)

    def _check_code_point(self, row: Row, site: Table) -> None:
        """Site rows for Unicode sources: the basic plane and the private planes, which is where towns put
        外字.
        """
        basic = row.size == 2 and not 0xD800 <= row.code <= 0xDFFF
        if not basic and not (row.size == 3 and WIDE_PLANES <= row.code <= 0x10FFFF):
            raise self._site_error(
                site,
                row,
                "code",
                f"maps {self.hex(row)}, which no site table can map for {self.name}",
                "write four hex digits (no surrogate), or six from 0F0000 to 10FFFF",
            )

    def _check_digits(self, row: Row, site: Table) -> None:
        """Site rows for numbered characters have as many digits as the charset's."""
        digits = self.digits
        if row.size != digits or row.code >= decimal_slots(digits):
            raise self._site_error(
                site,
                row,
                "code",
                f"maps {self.hex(row)}, which is no number of {self.name}",
                f"write {digits} digits, at most {decimal_slots(digits) - 1:0{digits}d}",
            )

    def _check_replaces(self, row: Row, site: Table, old: Entry) -> None:
        """An override must state what it overrides: the old glyph's name, or the old code points."""
        ucs = " ".join(f"{ord(c):04X}" for c in old.row.text)
        if not row.replaces:
            raise self._site_error(
                site,
                row,
                "replaces",
                (
                    f"overrides {self.hex(row)} of {Path(old.table.path).name}:{old.row.line} without "
                    "stating the old value"
                ),
                f"write {old.row.glyph or ucs} in the column replaces, if that is meant",
            )
        if row.replaces not in (old.row.glyph, ucs):
            raise self._site_error(
                site,
                row,
                "replaces",
                f"says that {self.hex(row)} was {row.replaces[:20]!r}",
                f"it is {old.row.glyph or ucs} in {Path(old.table.path).name}:{old.row.line}",
            )

    def _site_error(self, site: Table, row: Row, column: str, what: str, next: str) -> TableError:
        return TableError(what, path=site.path, line=row.line, column=column, next=next)

    # -- programs -------------------------------------------------------------------------------

    def program(
        self,
        *,
        name_field: bool = True,
        controls: bool = False,
        form: str = "needed",
        policy: Mapping[Reason, str] | None = None,
        units: int = 0,
    ) -> kernel.Program:
        """The kernel program for name fields (``◎`` and its like are findings there) or for others.

        ``controls``: control characters are findings, as in names and addresses.
        ``form``: IVS ``needed``, ``always`` or ``never``; ``policy``: reason → policy name; ``units``: the
        program writes the source units themselves, four bytes each (2: with the reason of flagged ones).
        """
        rules = DEFAULT_POLICY | dict(policy or {})
        key = (name_field, controls, form, tuple(sorted(rules.items())), units)
        built = self._programs.get(key)
        if built is None:
            compiler = Compiler(self._recipe(), rules, name_field=name_field, controls=controls, units=units)
            self._programs[key] = built = compiler.build(self._units(form))
            for old in list(self._programs)[:-MAX_PROGRAMS]:
                self._programs.pop(old, None)  # the oldest; who uses one holds it
        return built

    def _recipe(self) -> Recipe:
        spec = self.spec
        pua = self.options["pua"]
        ranges = self.ranges
        if pua not in {name for r in ranges for name, _ in r.pua} and pua != "linear":
            ranges = _offset_pua(ranges, pua, self.name)
            pua = "offset"
        kind = "utf-16-be" if spec.kind == "utf-16" else spec.kind
        digits = self.digits
        return Recipe(
            kind=kind,
            system=self.system,
            shift_in=spec.shift_in,
            shift_out=spec.shift_out,
            ranges=() if digits else ranges,
            pad_single=spec.pad_single,
            pad_double=spec.pad_double,
            digits=digits,
            pua=pua,
        )

    @cached_property
    def digits(self) -> int:
        """Digits of a number where characters are numbers, else 0."""
        return next((row.size for table in self.tables for row in table.rows if table.decimal), 0)

    def _units(self, form: str) -> Iterable[Unit]:
        forms = self.repertoire.forms(form)
        dashes = DASHES[self.options["dash"]]
        for (size, code), entry in self.entries.items():
            row = entry.row
            if not row.glyph:
                yield Unit(code, size, row.text.translate(dashes))
            elif "|" in row.glyph:
                yield Unit(code, size, row.text, Reason.AMBIGUOUS)
            elif not row.text:
                yield Unit(code, size, "", Reason.NO_UNICODE)
            else:
                yield Unit(code, size, forms.get(row.glyph, row.text))

    # -- decoding and encoding ------------------------------------------------------------------

    def decode(self, data: bytes, *, type: str = "", role: str = "name", form: str = "needed") -> Decoded:
        """Decode one field's bytes. ``type``: mixed (default where there are shifts), dbcs or sbcs."""
        decoder = self.decoder(type=type, role=role, form=form)
        return decoder.feed(data, final=True)

    def decoder(
        self,
        *,
        type: str = "",
        role: str = "name",
        form: str = "needed",
        policy: Mapping[Reason, str] | None = None,
    ) -> StreamDecoder:
        """A decoder to feed in chunks cut anywhere: the sum of its answers is the answer for the whole."""
        return StreamDecoder(self, self.mode(type), role == "name", form, policy)

    def mode(self, type: str = "") -> int:
        """The kernel's field mode for a field type; CharsetError when the charset cannot have it."""
        if self.spec.kind in ("double", "utf-16-le", "utf-16-be", "utf-16"):
            if type == "sbcs":
                raise CharsetError(f"{self.name} has no single bytes", next="use type dbcs")
            return K["DOUBLE"]
        if self.spec.kind == "single":
            return K["SINGLE"]
        if type == "dbcs" and not self.spec.double:
            raise CharsetError(f"{self.name} has no double bytes", next="use type mixed")
        if self.spec.kind != "shifted":
            return K["MIXED"]
        return MODES[type or "mixed"]

    def glyph_of(self, code: int, size: int) -> str | None:
        """The glyph name of a code that has exactly one, else None."""
        entry = self.entries.get((size, code))
        return entry.row.glyph if entry and entry.row.glyph and "|" not in entry.row.glyph else None

    def explain(self, code: int, size: int) -> list[Provenance]:
        """Which tables have a row for the code, the deciding one first."""
        found = [
            Provenance("site" if table in self.sites else "vendor", table.path, row.line)
            for table in (*self.tables, *self.sites)
            for row in table.rows
            if (row.size, row.code) == (size, code) and row.flag != ENCODE_ONLY
        ]
        return found[::-1]

    def encode(self, text: str, *, errors: str = "strict", type: str = "") -> bytes:
        """Text back to vendor bytes, shifts in canonical form; the longest known text wins at each place.

        ``errors``: ``strict`` raises CharsetError at the first text that has no code, ``geta`` writes 〓.
        ``type``: as for ``decode``; a dbcs field has no shifts and takes double bytes only.
        """
        mode = self.mode(type)
        data, wrong = encode_one(self.codes(mode), mode, text)
        if wrong and errors != "geta":
            ucs = " ".join(f"{ord(c):04X}" for c in wrong[0].text)
            raise CharsetError(
                f"{self.name} has no code for {ucs} (character {wrong[0].position + 1})",
                next="use errors='geta', or give a site table that maps it",
            )
        return data

    def encode_glyphs(
        self, glyphs: Sequence[str | None], text: str = "", *, errors: str = "strict", type: str = ""
    ) -> bytes:
        """Glyph names back to vendor bytes; a None is the character of ``text`` (cut as glyphs are) in its
        place.

        More exact than text where the output form has dropped selectors. CharsetError as for ``encode``.
        """
        missing = next((name for name in glyphs if name and name not in self.glyph_texts), None)
        if missing is not None and errors != "geta":
            raise CharsetError(
                f"{self.name} has no code for {missing[:20]}",
                next="use errors='geta', or give a site table that maps it",
            )
        return self.encode(self.glyph_text([name or "-" for name in glyphs], text), errors=errors, type=type)

    def glyph_text(self, glyphs: Sequence[str], text: str) -> str:
        """The text that encodes to the codes of these glyphs; ``-`` is the character of ``text`` in its
        place, a glyph that the charset does not have is 〓."""
        chars = _with_selectors(text) if text else []
        out = [
            self.glyph_texts.get(n, "〓") if n != "-" else chars[i] if i < len(chars) else ""
            for i, n in enumerate(glyphs)
        ]
        return "".join(out) if text or "-" not in glyphs else ""

    def codes(self, mode: int) -> kernel_encode.Codes:
        """What ``encode`` uses: every text that may stand for a code, aliases included, for one field
        mode."""
        if ("codes", mode) not in self._codes:
            values = {text: value_of(row.code, row.size) for text, row in self.encoding(mode).items()}
            geta = values.get("〓", values.get("?", 0)) or (0x3013 if self.spec.kind.startswith("utf") else 0)
            self._codes["codes", mode] = compile_codes(
                self._recipe(), values, shifts=mode == K["MIXED"], geta=geta
            )
        return self._codes["codes", mode]

    def proof(self, mode: int, *, name_field: bool, form: str, controls: bool = False) -> kernel_encode.Codes:
        """What ``verify`` uses: exactly the texts that decoding writes, each for the code that owns it.

        Left out are codes whose decoding is a finding; rows that only decode have a text but not its code.
        """
        key = (mode, name_field, controls, form)
        if key not in self._codes:
            reads = [
                u
                for u in self._units(form)
                if u.reason is None and u.text and not (name_field and u.text in LOST)
                if not (controls and not CONTROLS.isdisjoint(u.text))
            ]
            values: dict[str, int] = {}
            for unit in reads:
                if self.entries[unit.size, unit.code].row.flag != DECODE_ONLY and _fits(unit.size, mode):
                    values.setdefault(unit.text, value_of(unit.code, unit.size))
            if self.spec.kind.startswith("utf"):
                values |= dict.fromkeys(LOST if name_field else (), BLOCKED) | self._unmapped()
                values |= dict.fromkeys(CONTROLS if controls else (), BLOCKED)
            self._codes[key] = compile_codes(self._recipe(), values, shifts=mode == K["MIXED"], reads=reads)
        return self._codes[key]

    def _unmapped(self) -> dict[str, int]:
        """Unicode charsets: the private use characters of the declared ranges that no row maps."""
        recipe = self._recipe()
        mapped = {code for _, code in self.entries}
        return {chr(code): BLOCKED for area in recipe.ranges for code in area.codes() if code not in mapped}

    def encoding(self, mode: int = K["MIXED"]) -> dict[str, Row]:
        """Text → row in a field of that mode. The first to claim a text keeps it: what decoding writes, full
        texts, the tables' own texts and encode-only rows, then other dashes and plain forms that mean a
        glyph."""
        if mode not in self._encodings:
            self._encodings[mode] = self._encoding(mode)
        return self._encodings[mode]

    def _encoding(self, mode: int) -> dict[str, Row]:
        entries = [
            e.row for e in self.entries.values() if e.row.flag != DECODE_ONLY and _fits(e.row.size, mode)
        ]
        plain = [row for row in entries if "|" not in row.glyph]
        decoded = {(u.size, u.code): u.text for u in self._units("needed")}
        rows: dict[str, Row] = {}
        for row in plain:
            rows.setdefault(decoded[row.size, row.code], row)
        for row in plain:
            rows.setdefault(row.text, row)
        for table in (*self.tables, *self.sites):
            for row in table.rows:
                if row.flag == ENCODE_ONLY and _fits(row.size, mode):
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
        return rows

    @cached_property
    def glyph_texts(self) -> dict[str, str]:
        """Glyph name → a text that encodes to the code of that glyph."""
        return {
            e.row.glyph: e.row.text
            for e in self.entries.values()
            if e.row.glyph and e.row.flag != DECODE_ONLY
        }

    def hex(self, row: Row) -> str:
        """A row's code as users write it."""
        return f"{row.code:0{row.size}d}" if self.spec.kind == "decimal" else f"{row.code:0{2 * row.size}X}"

    def private_use(self) -> dict[int, str]:
        """Private use code point → 外字 code (hex), by the convention that the option ``pua`` names."""
        recipe = self._recipe()
        out: dict[int, str] = {}
        for area in recipe.ranges:
            start = dict(area.pua).get(recipe.pua)
            if area.kind == "user" and start is not None:
                out |= {start + n: f"{code:0{2 * area.size}X}" for n, code in enumerate(area.codes())}
        return out

    def describe(self) -> str:
        """What the charset is, in plain words: tables, ranges, shifts, options."""
        lines = [f"{self.name}: {self.spec.title}"]
        for label, sequences in (("shift in", self.spec.shift_in), ("shift out", self.spec.shift_out)):
            if sequences:
                lines.append(f"  {label}: {', '.join(s.hex().upper() for s in sequences)}")
        for table in (*self.tables, *self.sites):
            lines.append(f"  table {table.id} ({table.edition}): {len(table.rows)} rows; {table.title}")
            lines += [f"    {r.kind}: {_span(r)}, {len(r)} codes" for r in table.ranges]
            lines += [f"    glyphs: {table.identity}"] if table.identity else []
        lines += [f"  {r.kind}: {_span(r)}, {len(r)} codes" for r in self.spec.ranges]
        for name, option in self.spec.options.items():
            lines.append(
                f"  option {name}: {' | '.join(option['values'])} (default {option['default']}): "
                f"{option['what']}"
            )
        lines.append(
            "  option dash: jis | microsoft | source (default jis): wave dash, parallel, minus, dash, "
            "cent, pound, not"
        )
        conventions = sorted({name for r in self.ranges for name, _ in r.pua})
        if conventions:
            lines.append(
                f"  option pua: {' | '.join(conventions)} | a code point (default linear): PUA of the "
                "外字 area"
            )
        if self.spec.note:
            lines.append(f"  note: {self.spec.note}")
        return "\n".join(lines)


def _fits(size: int, mode: int) -> bool:
    """Whether a code of that size can stand in a field of that mode."""
    return mode == K["MIXED"] or (size == 1) == (mode == K["SINGLE"])


def _with_selectors(text: str) -> list[str]:
    """Characters with the variation selector or combining mark that follows."""
    import regex

    found: list[str] = regex.findall(
        r".[\U000E0100-\U000E01EF\u309A\u0300\u0301\u02E5\u02E9]*", text, regex.DOTALL
    )
    return found


def _span(area: Range) -> str:
    codes = list(area.codes())
    width = 2 * area.size
    return f"{codes[0]:0{width}X}-{codes[-1]:0{width}X}"


def _offset_pua(ranges: tuple[Range, ...], start: str, name: str) -> tuple[Range, ...]:
    """User ranges numbered on from one start code point, as sites do that chose their own."""
    try:
        at = int(start, 16)
        if not (0xE000 <= at <= 0xF8FF or 0xF0000 <= at <= 0x10FFFD):
            raise ValueError(start)
    except ValueError:
        known = sorted({label for r in ranges for label, _ in r.pua})
        raise CharsetError(
            f"option pua of {name} cannot be {start[:20]!r}",
            next=f"use {', '.join(known) or 'linear'} or a code point of a private use area, like E92E",
        ) from None
    out = []
    for area in ranges:
        if area.kind == "user":
            area = Range(area.kind, area.lead, area.trail, area.prefix, (("offset", at),))
            at += len(area)
        out.append(area)
    return tuple(out)


class StreamDecoder:
    """Decodes bytes that arrive in chunks; positions and offsets count from the start of the stream."""

    def __init__(
        self,
        charset: Charset,
        mode: int,
        name_field: bool,
        form: str,
        policy: Mapping[Reason, str] | None = None,
    ) -> None:
        self._charset = charset
        self._mode = mode
        self._text = charset.program(name_field=name_field, form=form, policy=policy)
        self._units = charset.program(name_field=name_field, form=form, units=1)
        self._state = 0
        self._held = b""
        self._offset = 0
        self._position = 0
        self._bom = charset.spec.kind == "utf-16"
        self._opened = 0

    @property
    def held(self) -> int:
        """Bytes at the end of what was fed that begin a unit and wait for more."""
        return len(self._held)

    @property
    def state(self) -> int:
        """The shift state: 0, or the number of the shift that is open. Set it to go on where a field before
        ended.
        """
        return self._state

    @state.setter
    def state(self, state: int) -> None:
        self._state = state

    def feed(self, chunk: bytes, *, final: bool = False) -> Decoded:
        """The text of all whole units so far; half a unit at the end waits for the next chunk."""
        data = self._held + bytes(chunk)
        if self._bom and data:
            if len(data) < 2 and not final:
                self._held = data
                return Decoded("")
            data = self._take_bom(data)
        text, used, found, state, chars, opened = self._run(self._text, data, final)
        units, *_ = self._run(self._units, data, final)
        codes = memoryview(units).cast("I")
        findings = [self._finding(found[i : i + 6]) for i in range(0, len(found), 6)]
        if opened >= 0:
            self._opened = self._offset + opened
        self._state = state
        self._held = data[used:]
        self._offset += used
        self._position += chars
        if final and state and self._mode == K["MIXED"]:
            shift = self._charset.spec.shift_in[state - 1].hex().upper()
            findings.append(Finding(Reason.BROKEN_SHIFT.label, shift, self._opened, self._position))
            self._state = 0
        flagged = {f.position for f in findings}
        first = self._position - chars
        names = [
            None if first + i in flagged else self._charset.glyph_of(*code_of(c)) for i, c in enumerate(codes)
        ]
        return Decoded(
            text.decode("utf-8"), tuple(names), tuple(self._hex(c) for c in codes), tuple(findings)
        )

    def _take_bom(self, data: bytes) -> bytes:
        self._bom = False
        if data[:2] == b"\xff\xfe":
            other = load_charset(
                "unicode-le",
                [t.path for t in self._charset.sites],
                options={"dash": self._charset.options["dash"]},
            )
            self._text = other.program()
            self._units = other.program(units=1)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            self._offset += 2
            return data[2:]
        return data

    def _run(
        self, program: kernel.Program, data: bytes, final: bool
    ) -> tuple[bytes, int, array[int], int, int, int]:
        capacity = (len(data) + 1) * program.bound + 2 * K["SLACK"]
        out = bytearray(capacity + 8)
        found = array("q", bytes(8 * K["FINDING"] * (len(data) + 4)))
        work = kernel.Work(data or b"\0", out, found, array("q", bytes(8 * K["N_COUNTS"])))
        work.final = int(final)
        states = bytearray([self._state])
        kernel.decode_rows(
            program,
            work,
            self._mode,
            0,
            1,
            array("q", [0]),
            array("q", [len(data)]),
            0,
            -1,
            states,
            array("q", [0, 0]),
            0,
            capacity,
            len(data) + 4,
        )
        return (
            bytes(out[: work.o]),
            work.pos,
            found[: work.n * K["FINDING"]],
            states[0],
            work.char,
            work.open_at,
        )

    def _finding(self, row: Sequence[int]) -> Finding:
        _, offset, position, code, size, reason = row
        return Finding(
            Reason(reason).label,
            self._hex(value_of(code, size)),
            self._offset + offset,
            self._position + position,
        )

    def _hex(self, unit: int) -> str:
        code, size = code_of(unit)
        if self._charset.spec.kind == "decimal":
            return f"{code:0{size}d}"
        return f"{code:0{2 * size}X}"


def check(names: Iterable[str] = ()) -> list[str]:
    """Load every named charset (all, when none is named) with every check; returns what is wrong, in
    lines."""
    wrong: list[str] = []
    repertoire = load_repertoire()
    done: set[str] = set()
    for name in names or charset_names():
        try:
            charset = load_charset(name, repertoire=repertoire)
            charset.program()
            tables = [t for t in charset.tables if t.id not in done]
            done.update(t.id for t in tables)
            for table in tables:
                wrong += _check_table(table, repertoire)
        except GaijiError as error:
            wrong.append(str(error))
    return wrong


def _check_table(table: Table, repertoire: Repertoire) -> list[str]:
    """Ranges, glyphs, agreement of glyph and text, one round-trip row a text."""
    legal = {(area.size, code) for area in table.ranges for code in area.codes()}
    wrong: list[str] = []
    texts: dict[str, int] = {}
    for row in table.rows:
        where = f"{table.path}:{row.line}"
        if not table.decimal and (row.size, row.code) not in legal:
            wrong.append(f"{where}: the code is outside every declared range")
        for name in row.glyph.split("|") if row.glyph else ():
            glyph = repertoire.get(name)
            if glyph is None:
                wrong.append(f"{where}: no glyph {name} in {repertoire.version}")
            elif "|" not in row.glyph and row.text != glyph.text:
                wrong.append(f"{where}: ucs is not the text of {name}")
        if row.flag == 0 and row.text:
            if row.text in texts:
                wrong.append(f"{where}: round-trip text again, first on line {texts[row.text]}")
            texts[row.text] = row.line
    return wrong
