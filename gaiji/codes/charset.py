"""Charsets: shift sequences and layered tables as one thing that decodes and encodes.

Owns ``Charset``: which programs follow from the tables, and the functions that people call. Charset files are
read in ``gaiji.codes.spec``, tables laid over each other in ``gaiji.codes.layers``, texts given codes in
``gaiji.codes.texts``; bytes are read in ``gaiji.kernel.decode``.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaiji.codes import arguments as given
from gaiji.codes.by_glyph import check_glyphs, check_names, glyph_text, pieces
from gaiji.codes.code import JOINED, read_code, write_code
from gaiji.codes.compiled import Kept
from gaiji.codes.describe import describe, private_codes, provenance
from gaiji.codes.encoding import encode_one
from gaiji.codes.forms import check_private, legal_texts
from gaiji.codes.kind import kind_of
from gaiji.codes.layers import Entries, Entry, Layers, digits_of, with_half
from gaiji.codes.program import Compiled, Controls, Grades, K, Program, Recipe, Rules, Unit, Writes, rules_of
from gaiji.codes.short import ShortDecoder
from gaiji.codes.spec import (
    DASHES,
    Spec,
    chosen_options,
    half_of,
    load_spec,
    offset_pua,
    system_of,
    vendor_tables,
)
from gaiji.codes.stream import Reading, StreamDecoder
from gaiji.codes.tables import Row, Table, load_site
from gaiji.codes.texts import Texts, made_of
from gaiji.codes.unicode import compiler_of, plain_row, standard_tables
from gaiji.errors import ArgumentTypeError, CharsetError, UnencodableError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import encode as kernel_encode
from gaiji.model import Decoded, Provenance, Reason
from gaiji.standard.characters import points
from gaiji.standard.forms import is_special
from gaiji.standard.repertoire import Repertoire, load_repertoire

if TYPE_CHECKING:
    from gaiji.codes.column import DecodedColumn, EncodedColumn

MODES = {"mixed": K["MIXED"], "dbcs": K["DOUBLE"], "sbcs": K["SINGLE"]}
MAX_POLICIES = 64
"""Sets of policies whose programs a charset keeps for each role and form; one is a few hundred bytes, since
all share what is megabytes.
"""
Key = tuple[Rules, str, Writes, bool]
"""What the planes of a program depend on: what the field asks of them, output form, what it writes,
little-endian.
"""
Policy = Mapping[Reason, str] | Mapping[str, str]
"""Reason (or its label) → policy, for the reasons that are not to have the default."""


def load_charset(
    name: str,
    site: Sequence[str | Path] = (),
    *,
    options: Mapping[str, str] | None = None,
    repertoire: Repertoire | None = None,
) -> Charset:
    """The charset of that name with site tables over it, later ones winning.

    ``site``: a list of paths. ``options``: ``dash`` (jis, microsoft, source), ``pua`` (a convention of the
    charset, or a start code point such as ``E92E``) and what the charset itself offers, e.g. ``reading`` of
    the JEF charsets. CharsetError for a name or option that is none, TableError for a wrong site table.
    """
    if isinstance(site, str | bytes | Path):
        what = fault("E0358", "is one {kind}", kind=type(site).__name__)
        raise ArgumentTypeError(what, argument="site", next=tr("give a list of paths"))
    spec = load_spec(given.text_of(name, "name"))
    chosen = chosen_options(spec, options or {})
    sites = [load_site(path, form=kind_of(spec.kind).form) for path in site]
    known = repertoire or load_repertoire()
    return Charset(spec, _tables(spec, chosen, known), sites, chosen, known)


def _tables(spec: Spec, chosen: Mapping[str, str], repertoire: Repertoire) -> list[Table]:
    """The tables of a charset file with these options; those of Unicode are the repertoire's own lists."""
    unicode = kind_of(spec.kind).unicode
    return standard_tables(repertoire, chosen) if unicode else vendor_tables(spec, chosen, repertoire.edition)


class Charset:
    """One vendor charset with its layers; ``load_charset`` makes it. Safe to use from several threads, and
    goes to other processes (by pickle) with its site tables."""

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
        self.kind = kind_of(spec.kind)
        self.options = dict(options)
        self.tables = tuple(tables)
        self.sites = tuple(sites)
        self.repertoire = repertoire
        self.ranges = tuple(r for table in tables for r in table.ranges) + spec.ranges
        self.system = system_of(tables)
        self.digits = digits_of(tables)
        self.half = half_of(spec, options)
        self.recipe = self._recipe()  # a wrong option is an error now, not at the first character
        self._kept = Kept(spec, tables, sites, options, repertoire, unicode=self.kind.unicode)
        if not self._kept.sound:
            _ = self.entries  # so is a wrong row of a table
        self._compiled: dict[Key, Compiled] = {}
        self._programs: dict[Any, Program] = {}
        self._readings: dict[Any, Reading] = {}
        self._fields: dict[tuple[str, str, str, str], ShortDecoder] = {}
        self._short: dict[tuple[str, str, str, str], ShortDecoder] = {}

    def __repr__(self) -> str:
        return f"<Charset {self.name}: {len(self.entries)} codes>"

    def __reduce__(self) -> tuple[Any, ...]:
        shipped = tuple((table.id, table.sha256) for table in self.tables)
        release = self.repertoire.version.partition(" + GJ ")[2]
        known = load_repertoire(release or False) is self.repertoire
        own = (release, self.repertoire.version) if known else self.repertoire
        return _again, (self.name, shipped, self.sites, self.options, own)

    @cached_property
    def entries(self) -> Entries:
        """(size, code) → the row that decides the code. TableError for a row that cannot be."""
        laid = Layers(self.name, self.kind, self.tables, self.sites, self.ranges, self.repertoire)
        return self._kept.noted(with_half(laid.entries(), self.half))

    @cached_property
    def texts(self) -> Texts:
        """Which text has which code."""
        tables, made = (*self.tables, *self.sites), made_of(self._kept.identity)
        return Texts(self.recipe, tables, lambda: self.entries, self.repertoire, self.units, made)

    # -- programs -------------------------------------------------------------------------------

    def program(
        self,
        *,
        name_field: bool = True,
        controls: bool | Controls = False,
        form: str = "needed",
        policy: Policy | None = None,
        writes: Writes = Writes.TEXT,
        grades: Grades = Grades.LEAVE,
        marks: frozenset[str] = frozenset(),
    ) -> Program:
        """The kernel program for name fields (``◎`` and its like are findings there) or for others.

        ``controls``: control characters are findings, as in names and addresses, or those of ``Controls``.
        ``form``: as for ``decode``; ``policy``: what flagged units become (``drop-record`` and ``fail``
        write 〓: what they ask for is the caller's); ``writes``: texts, or the units themselves; ``grades``,
        ``marks``: as ``Rules`` has them, for texts.
        """
        plain = Rules(name_field, Controls(controls))
        rules = plain._replace(grades=grades, marks=marks) if writes is Writes.TEXT else plain
        return self._program(rules, given.legal_form(form), policy, writes, little=False)

    def _program(
        self, fields: Rules, form: str, policy: Policy | None, writes: Writes, *, little: bool
    ) -> Program:
        text = writes is Writes.TEXT
        key = (fields, form if text or is_special(form) else "needed", writes, little)
        rules = given.legal_policy(policy if text else None)
        full = (key, tuple(sorted(rules.items())))
        built = self._programs.get(full)
        if built is None:
            if text and is_special(form):
                check_private(form, rules, self.kind, self.entries, self.repertoire, self.private_use())
            built = Program(self._compiled_for(key), rules)
            same = [other for other in list(self._programs) if other[0] == key]
            for old in same[: len(same) + 1 - MAX_POLICIES]:
                self._programs.pop(old, None)  # the oldest; who uses one holds it
            self._programs[full] = built
        return built

    def _compile(self, key: Key) -> Compiled:
        """The planes of a program; those of one kind of field are made from those that all fields share."""
        rules, form, writes, little = key
        recipe = self._recipe(little)
        found = self._kept.read(recipe, rules, form, writes)
        if found is not None:
            return found
        if rules == Rules():
            found = compiler_of(recipe, self.repertoire, writes).build(self.units(form))
        else:
            found = self._compiled_for((Rules(), form, writes, little)).ruled(rules, self.units(form))
        self._kept.keep(found, rules, form)
        return found

    def _compiled_for(self, key: Key) -> Compiled:
        return self._compiled.get(key) or self._compiled.setdefault(key, self._compile(key))

    def _recipe(self, little: bool = False) -> Recipe:
        """``little``: of text that says itself that it is little-endian."""
        pua = self.options["pua"]
        ranges = self.ranges
        if pua not in {name for r in ranges for name, _ in r.pua} and pua != "linear":
            ranges = offset_pua(ranges, pua, self.name)
            pua = "offset"
        return Recipe(
            kind=kind_of("utf-16-le") if little else self.kind,
            system=self.system,
            shift_in=self.spec.shift_in,
            shift_out=self.spec.shift_out,
            ranges=() if self.digits else ranges,
            pad_single=self.spec.pad_single,
            pad_double=self.spec.pad_double,
            digits=self.digits,
            pua=pua,
            half=self.half,
        )

    def units(self, form: str = "needed") -> Iterable[Unit]:
        """What each code becomes in that output form, or why it has no sure text."""
        forms = legal_texts(self.kind, self.name, self.repertoire, form)
        dashes = DASHES[self.options["dash"]]
        for (size, code), entry in self.entries.items():
            row = entry.row
            if not row.text and not row.glyph:
                continue  # only a note: the code stays what its range says, a finding
            if not row.glyph:
                yield Unit(code, size, row.text.translate(dashes), grade=row.grade)
            elif "|" in row.glyph:
                yield Unit(code, size, row.text, Reason.AMBIGUOUS)
            else:
                text = forms.get(row.glyph, row.text)
                yield Unit(code, size, text, None if text else Reason.NO_UNICODE, row.grade)

    # -- decoding -------------------------------------------------------------------------------

    def decode(
        self,
        data: bytes,
        *,
        type: str = "",
        role: str = "name",
        form: str = "needed",
        policy: Policy | None = None,
        errors: str = "findings",
    ) -> Decoded:
        """Decode one field's bytes, with the glyph and code of each character and what is to be looked at.

        ``type``: mixed (default where there are shifts), dbcs or sbcs; ``role``: name, kana, address or
        other; ``form``: IVS needed, always or never, or another (docs/forms.md); ``policy``: what flagged
        units become; ``errors``: ``findings`` (in the answer) or ``strict`` (UndecodableError).
        """
        field = self._fields.get((type, role, form, errors)) if policy is None else None
        if field is None:
            strict = given.one_of("errors", errors, given.DECODE_ERRORS) == "strict"
            field = ShortDecoder(self.reading(type=type, role=role, form=form, policy=policy), strict=strict)
            if policy is None:
                self._fields[type, role, form, errors] = field
        return field.decoded(data if data.__class__ is bytes else given.raw_bytes(data))

    def decode_text(
        self, data: bytes, *, type: str = "", role: str = "name", form: str = "needed", errors: str = "strict"
    ) -> str:
        """The text of one short field, and nothing else: some microseconds.

        ``errors``: ``strict`` raises UndecodableError at the first finding, ``geta`` writes what the default
        policies put in its place (〓). Other arguments as for ``decode``.
        """
        short = self._short.get((type, role, form, errors))
        if short is None:
            strict = given.one_of("errors", errors, given.TEXT_ERRORS) == "strict"
            short = ShortDecoder(self.reading(type=type, role=role, form=form), strict=strict)
            self._short[type, role, form, errors] = short
        return short.text(data if data.__class__ is bytes else given.raw_bytes(data))

    def decode_many(
        self,
        values: Any,
        *,
        type: str = "",
        role: str = "name",
        form: str = "needed",
        policy: Policy | None = None,
        errors: str = "findings",
    ) -> DecodedColumn:
        """Decode a column of bytes, each value one whole field: texts, glyphs and findings as columns.

        ``values``: a list of bytes (or None), an Arrow array, a polars or pandas series, or a NumPy array of
        bytes. Other arguments as for ``decode``.
        """
        from gaiji.codes.column import decode_column

        strict = given.one_of("errors", errors, given.DECODE_ERRORS) == "strict"
        reading = self.reading(type=type, role=role, form=form, policy=policy)
        return decode_column(reading, values, strict=strict)

    def decoder(
        self, *, type: str = "", role: str = "name", form: str = "needed", policy: Policy | None = None
    ) -> StreamDecoder:
        """A decoder to feed in chunks cut anywhere: the sum of its answers is the answer for the whole."""
        return StreamDecoder(self.reading(type=type, role=role, form=form, policy=policy))

    def reading(
        self, *, type: str = "", role: str = "name", form: str = "needed", policy: Policy | None = None
    ) -> Reading:
        """The programs for one type of field, role, form and set of policies."""
        mode, form = self.mode(type), given.legal_form(form)
        name = Rules(*rules_of(given.legal_role(role)))
        rules = given.legal_policy(policy)
        little = partial(self._reading, mode, name, form, rules, little=True) if self.kind.marked else None
        return self._reading(mode, name, form, rules, little_too=little)

    def _reading(
        self,
        mode: int,
        fields: Rules,
        form: str,
        rules: Policy,
        *,
        little: bool = False,
        little_too: Any = None,
    ) -> Reading:
        return Reading(
            self.name,
            self.kind,
            mode,
            self.spec.shift_in,
            self._program(fields, form, rules, Writes.TEXT, little=little),
            partial(self._program, fields, form, rules, Writes.UNITS, little=little),
            self.glyph_of,
            little_too,
        )

    def mode(self, type: str = "") -> int:
        """The kernel's field mode for a field type; CharsetError when the charset cannot have it."""
        given.one_of("type", type, given.TYPES)
        if self.kind.width == "double":
            if type == "sbcs":
                raise CharsetError(
                    fault("E0036", "{name} has no single bytes", name=self.name), next=tr("use type dbcs")
                )
            return K["DOUBLE"]
        if self.kind.width == "single":
            return K["SINGLE"]
        if type == "dbcs" and not self.spec.double:
            raise CharsetError(
                fault("E0037", "{name} has no double bytes", name=self.name), next=tr("use type mixed")
            )
        return MODES[type or "mixed"] if self.kind.typed else K["MIXED"]

    def field_mode(self, type: str) -> int:
        """The mode for a field of a layout, whose type counts only where the charset has several."""
        return self.mode(type if self.kind.typed else "")

    # -- codes ----------------------------------------------------------------------------------

    def code(self, code: int, size: int) -> str:
        """A code as people see it, the same everywhere: in the queue, in manifests, in tables."""
        return write_code(self.kind.form, code, size)

    def entry(self, code: str) -> Entry | None:
        """The row that decides a written code, or None; UsageError when it is no code."""
        return self.entry_of(*read_code(self.kind.form, code))

    def entry_of(self, code: int, size: int) -> Entry | None:
        """The row that decides a whole unit as the kernel names it, or None."""
        key = self.kind.key(code, size)
        found = (vars(self).get("entries") or self._kept.rows or self.entries).get(key)
        if found is None and self.kind.unicode and size > 1 and key[0] != JOINED:
            row = plain_row(self.repertoire, code)
            return Entry(row, self.tables[-1]) if row else None
        return found

    def glyph_of(self, code: int, size: int) -> str | None:
        """The glyph name of a code that has exactly one, else None."""
        entry = self.entry_of(code, size)
        return entry.row.glyph if entry and entry.row.glyph and entry.row.sure else None

    def grade_of(self, code: int, size: int) -> str:
        """What the row of a code rests on (``gaiji.codes.tables.GRADES``), "" where there is none. A code
        point of a Unicode charset is found however many bytes it took."""
        entry = self.entry_of(code, size)
        return entry.row.grade if entry else ""

    def explain(self, code: int, size: int) -> list[Provenance]:
        """Which tables have a row for the code, the deciding one first."""
        shipped = "standard" if self.kind.unicode else "vendor"
        found = provenance(self.tables, shipped, (size, code)) + provenance(self.sites, "site", (size, code))
        plain = self.entry_of(code, size) if self.kind.unicode and not found else None
        return [Provenance(shipped, plain.table.path, plain.row.line)] if plain else found[::-1]

    def private_use(self) -> dict[int, str]:
        """Private use code point → 外字 code as written, by the convention that the option ``pua`` names."""
        return private_codes(self.kind, self.recipe)

    def describe(self) -> str:
        """What the charset is, in plain words: tables, ranges, shifts, options."""
        return describe(self.spec, self.kind, (*self.tables, *self.sites), self.ranges)

    # -- encoding -------------------------------------------------------------------------------

    def encode(self, text: str, *, errors: str = "strict", type: str = "", form: str = "needed") -> bytes:
        """Text back to vendor bytes, shifts in canonical form; the longest known text wins at each place.

        ``errors``: ``strict`` raises UnencodableError (a CharsetError and UnicodeError) at the first text
        that has no code, ``geta`` writes 〓. ``type``: as for ``decode``; a dbcs field has no shifts and
        takes double bytes only; ``form``: that of the text, where it is not one of IVS.
        """
        given.one_of("errors", errors, given.ENCODE_ERRORS)
        mode, form = self.mode(type), given.legal_form(form)
        data, wrong = encode_one(self.texts.codes(mode, form), mode, given.text_of(text))
        if wrong and errors == "strict":
            at, one = wrong[0].start, wrong[0]
            raise UnencodableError(self.name, points(one.text), at, at + len(one.text), one.reason.label)
        return data

    def encode_many(
        self, values: Any, *, errors: str = "strict", type: str = "", form: str = "needed"
    ) -> EncodedColumn:
        """Encode a column of text, each value one whole field: codes and findings as columns. ``values``:
        a list of str (or None), an Arrow array, a polars or pandas series, or a NumPy array. Other
        arguments as for ``encode``; with ``geta`` the findings say what became 〓."""
        from gaiji.codes.column import encode_column

        strict = given.one_of("errors", errors, given.ENCODE_ERRORS) == "strict"
        mode, form = self.mode(type), given.legal_form(form)
        return encode_column(self.texts.codes(mode, form), self.name, mode, values, strict=strict)

    def encode_glyphs(
        self, glyphs: Sequence[str | None], text: str = "", *, errors: str = "strict", type: str = ""
    ) -> bytes:
        """Glyph names back to vendor bytes; a None is the character of ``text`` in its place.

        More exact than text where the output form has dropped selectors, and of no form itself.
        CharsetError as for ``encode``; ArgumentError when a None has no character, or ``text`` has not
        one for each glyph."""
        strict = given.one_of("errors", errors, given.ENCODE_ERRORS) == "strict"
        check_names(glyphs)
        chars = self._pieces(glyphs, given.text_of(text))
        check_glyphs(self.name, self.texts.glyph_texts, glyphs, chars, strict=strict)
        return self.encode(self.glyph_text([name or "-" for name in glyphs], text), errors=errors, type=type)

    def glyph_text(self, glyphs: Sequence[str], text: str) -> str:
        """The text that encodes to the codes of these glyphs; ``-`` is the character of ``text`` in its
        place, a glyph that the charset does not have is 〓."""
        if not text and "-" in glyphs:
            return ""
        return glyph_text(self.texts.glyph_texts, glyphs, self._pieces(glyphs, text))

    def _pieces(self, glyphs: Sequence[str | None], text: str) -> list[str]:
        return pieces(glyphs, text, unicode=self.kind.unicode, repertoire=self.repertoire)

    def codes(self, mode: int, form: str = "needed") -> kernel_encode.Codes:
        """What ``encode`` uses, for one field mode: see ``Texts.codes``."""
        return self.texts.codes(mode, form)

    def encoding(self, mode: int = K["MIXED"], form: str = "needed") -> dict[str, Row]:
        """Text → row in a field of that mode: see ``Texts.encoding``."""
        return self.texts.encoding(mode, form)

    def proof(
        self, mode: int, *, name_field: bool, form: str, controls: bool | Controls = False
    ) -> kernel_encode.Codes:
        """What ``verify`` uses, for one field mode: see ``Texts.proof``."""
        return self.texts.proof(mode, name_field=name_field, form=form, controls=Controls(controls))

    def register(self, name: str = "") -> codecs.CodecInfo:
        """Make this charset a codec of Python's under ``gaiji-NAME``, or the name given: see
        ``gaiji.codes.registry``."""
        from gaiji.codes.registry import register_charset

        return register_charset(self, name)


def _again(
    name: str,
    shipped: Sequence[tuple[str, str]],
    sites: Sequence[Table],
    options: Mapping[str, str],
    own: tuple[str, str] | Repertoire,
) -> Charset:
    """A charset from another process; CharsetError when the tables here are not those that it had there."""
    repertoire = own if isinstance(own, Repertoire) else load_repertoire(own[0] or False)
    spec = load_spec(name)
    tables = _tables(spec, options, repertoire)
    same = isinstance(own, Repertoire) or repertoire.version == own[1]
    if not same or [(table.id, table.sha256) for table in tables] != list(shipped):
        what = fault("E0361", "{name} has other tables here than where it was loaded", name=name)
        raise CharsetError(what, next=tr("use one installation of gaiji"))
    return Charset(spec, tables, sites, options, repertoire)
