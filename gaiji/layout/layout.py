"""Which bytes of a record, or which column of a CSV, are which field.

Owns ``Layout`` and the checks of ``[[field]]`` tables; takes copybooks from ``gaiji.layout.copybook`` and the
roles of CSV headers from ``gaiji.layout.roles``. Cuts no records and decodes no bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import regex

from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import LayoutError, nearest
from gaiji.layout.copybook import MAX_FIELDS, MAX_RECORD, SUFFIXES, read_copybook
from gaiji.layout.roles import ROLES, find_role, load_preset, preset_names
from gaiji.model import Field

TYPES = ("mixed", "dbcs", "sbcs", "zoned", "packed", "binary", "raw")
MAX_BYTES = 1 << 20

_KEYS: dict[str, type] = {
    "name": str,
    "offset": int,
    "length": int,
    "type": str,
    "role": str,
    "scale": int,
    "signed": bool,
    "digits": int,
    "column": int,
    "overlaps": bool,
}
_OVERRIDES = ("type", "role", "scale", "signed", "digits")
_NUMERIC = ("zoned", "packed", "binary")
_KINDS = {str: "a string", int: "a whole number", bool: "true or false"}
_FIELD_HEADER = regex.compile(r"(?m)^[ \t]*+\[\[[ \t]*+field[ \t]*+\]\]")

MAX_FIELD_NAME = 120
"""Characters of a field's name: it stands in queues and reports."""


@dataclass(frozen=True)
class Layout:
    """The fields of one kind of record, in order.

    ``record_length`` is in bytes, 0 for delimited formats; without a declared length it is the end of the
    last field. ``path`` is the file that the layout came from, "" when there was none.
    """

    fields: tuple[Field, ...]
    record_length: int = 0
    path: str = ""

    def field(self, name: str) -> Field:
        """The field of that name; LayoutError names the nearest one when there is none."""
        found = next((spec for spec in self.fields if spec.name == name), None)
        if found is None:
            names = [spec.name for spec in self.fields]
            raise LayoutError(
                f"has no field {str(name)[:40]!r}", path=self.path, next=nearest(str(name), names)
            )
        return found


def load_layout(
    path: str | Path,
    *,
    record_length: int | None = None,
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
) -> Layout:
    """A layout file: ``.toml`` with ``[[field]]`` tables, or a copybook (``.cpy``, ``.cbl``, ``.cob``).

    ``record_length`` is what the caller knows of the records, in bytes; it may be longer than the layout,
    never shorter. The other options are those of ``gaiji.layout.copybook.parse_copybook``; a TOML layout
    takes ``roles`` (field name → role) too. Raises LayoutError.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        fields, length = read_copybook(path, redefines=redefines, roles=roles, depending=depending)
        return Layout(fields, _record_length(length, record_length, str(path)), str(path))
    if suffix != ".toml":
        raise LayoutError(
            f"has the suffix {suffix!r}, which names no layout format",
            path=path,
            next=f"end it in .toml or {', '.join(SUFFIXES)}",
        )
    if redefines:
        raise LayoutError(
            "is not a copybook, so redefines has no meaning", path=path, next="remove redefines"
        )
    layout = _load_toml(path, record_length)
    return with_roles(layout, roles) if roles else layout


def layout_from_fields(
    tables: Sequence[Mapping[str, Any]],
    *,
    path: str | Path = "",
    record_length: int | None = None,
    lines: Sequence[int] | None = None,
) -> Layout:
    """A layout from the dictionary form of ``[[field]]`` tables.

    Keys: name, and offset and length in bytes, or column from 0 for delimited formats; type, role, scale,
    signed, digits; ``overlaps = true`` on a field that shares bytes with one before it (as REDEFINES does).
    ``lines`` holds the line of each table in ``path``, where they are known. Raises LayoutError.
    """
    where = str(path)
    if not tables:
        raise LayoutError("describes no field", path=where, next="add [[field]] tables")
    if len(tables) > MAX_FIELDS:
        raise LayoutError(
            f"has more than {MAX_FIELDS:,} fields", path=where, next="leave out those not needed"
        )
    known = lines if lines is not None and len(lines) == len(tables) else [0] * len(tables)
    fields = [
        _field(table, number, line, where)
        for number, (table, line) in enumerate(zip(tables, known, strict=True), 1)
    ]
    _check_names(fields, where)
    delimited = [spec.column >= 0 for spec in fields]
    if any(delimited) and not all(delimited):
        odd = fields[delimited.index(False)]
        raise _error(
            "has no column, others have", odd, where, "describe all fields by column, or all by offset"
        )
    if any(delimited):
        _check_columns(fields, where)
        return Layout(tuple(fields), 0, where)
    _check_overlaps(fields, [bool(table.get("overlaps")) for table in tables], where)
    end = max(spec.offset + spec.length for spec in fields)
    if record_length and (beyond := next((f for f in fields if f.offset + f.length > record_length), None)):
        raise _error(
            f"ends at byte {beyond.offset + beyond.length}, records have {record_length}",
            beyond,
            where,
            "correct offset and length, or record_length",
        )
    return Layout(tuple(fields), _record_length(end, record_length, where), where)


def for_header(header: Sequence[str], preset: str | None = None) -> Layout:
    """The layout of a CSV: one field a column, named by the header, its role decided by presets.

    ``preset`` names one known layout (``gaiji.layout.roles.preset_names``); None asks all of them, ``"none"``
    gives no roles. A header that no preset knows follows the rules of ``roles.toml``. An empty header
    becomes ``column3``, a repeated one ``氏名_2``.
    """
    if len(header) > MAX_FIELDS:
        raise LayoutError(
            f"the header has more than {MAX_FIELDS:,} columns", next="check delimiter and charset"
        )
    presets = (
        [] if preset == "none" else [load_preset(name) for name in ([preset] if preset else preset_names())]
    )
    fields: list[Field] = []
    taken: set[str] = set()
    for column, cell in enumerate(header):
        name = _unique(cell.strip(" \u3000\ufeff\t\r\n\0") or f"column{column + 1}", taken)
        role = next((found for p in presets if (found := p.role(cell))), None)
        if role is None and presets:
            role = find_role(cell)
        fields.append(Field(name, column=column, role=role or "other"))
    return Layout(tuple(fields))


def override_fields(layout: Layout, tables: Sequence[Mapping[str, Any]], *, path: str | Path = "") -> Layout:
    """The layout with type, role, scale, signed or digits of named fields changed by ``[[field]]`` tables.

    Offset, length and column may be repeated, and must then agree with the layout. Raises LayoutError.
    """
    changed = {spec.name: spec for spec in layout.fields}
    where = str(path) or layout.path
    for number, table in enumerate(tables, 1):
        _check_keys(table, number, 0, where)
        spec = layout.field(table["name"])
        for key in ("offset", "length", "column"):
            if key in table and table[key] != getattr(spec, key):
                raise _error(
                    f"{key} is {getattr(spec, key)} in the layout, {table[key]} in the job",
                    spec,
                    where,
                    f"remove {key} from its [[field]], or correct the layout",
                )
        new = replace(spec, **{key: table[key] for key in _OVERRIDES if key in table})
        _check_field(new, where)
        changed[spec.name] = new
    return replace(layout, fields=tuple(changed.values()))


def with_roles(layout: Layout, roles: Mapping[str, str], *, path: str | Path = "") -> Layout:
    """The layout with the roles of named fields changed. Raises LayoutError."""
    return override_fields(layout, [{"name": name, "role": role} for name, role in roles.items()], path=path)


# -- checks -------------------------------------------------------------------------------------------


def _load_toml(path: Path, record_length: int | None) -> Layout:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LayoutError(
            f"cannot be read: {error.strerror}", path=path, next="give the path of a layout"
        ) from error
    if len(raw) > MAX_BYTES:
        raise LayoutError("is bigger than 1 MiB", path=path, next="check the path")
    try:
        data = parse_toml(raw)
    except NotToml as error:
        raise LayoutError(f"is not valid TOML: {error}", path=path, next="correct that line") from error
    for key in data:
        if key not in ("field", "record_length", "title"):
            raise LayoutError(
                f"has the unknown key {key[:40]!r}",
                path=path,
                next=nearest(key, ("field", "record_length", "title")),
            )
    tables = data.get("field", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise LayoutError(
            "field must be [[field]] tables", path=path, next="write [[field]] above each field"
        )
    declared = data.get("record_length")
    if declared is not None and (not isinstance(declared, int) or isinstance(declared, bool) or declared < 1):
        raise LayoutError("record_length must be a whole number above 0", path=path, next="give it in bytes")
    length = _record_length(declared, record_length, str(path)) if declared else record_length
    text = raw.decode("utf-8-sig")
    lines = [text.count("\n", 0, found.start()) + 1 for found in _FIELD_HEADER.finditer(text)][
        : MAX_FIELDS + 1
    ]
    return layout_from_fields(tables, path=path, record_length=length, lines=lines)


def _field(table: Mapping[str, Any], number: int, line: int, path: str) -> Field:
    """One ``[[field]]`` table, checked on its own."""
    _check_keys(table, number, line, path)
    if "column" in table and ("offset" in table or "length" in table):
        raise LayoutError(
            "has a column and a place in bytes",
            path=path,
            line=line,
            field=table["name"],
            next="keep column for delimited formats, offset and length for others",
        )
    for key in () if "column" in table else ("offset", "length"):
        if key not in table:
            raise LayoutError(
                f"has no {key}", path=path, line=line, field=table["name"], next=f"add {key} in bytes"
            )
    values = {key: table[key] for key in _KEYS if key in table and key != "overlaps"}
    spec = Field(**values, line=line)
    if spec.offset < 0 or spec.length < 0 or ("column" in table and spec.column < 0):
        raise _error("has a negative place", spec, path, "count from 0")
    if "length" in table and spec.length < 1:
        raise _error(f"has the length {spec.length}", spec, path, "give at least one byte")
    _check_field(spec, path)
    return spec


def _check_keys(table: Mapping[str, Any], number: int, line: int, path: str) -> None:
    """The keys of a ``[[field]]`` table and the kinds of their values."""
    name = table.get("name")
    label = name[:60] if isinstance(name, str) and name else f"#{number}"
    for key, value in table.items():
        if key not in _KEYS:
            raise LayoutError(
                f"has the unknown key {key[:40]!r}",
                path=path,
                line=line,
                field=label,
                next=nearest(key, tuple(_KEYS)),
            )
        kind = _KEYS[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise LayoutError(
                f"{key} must be {_KINDS[kind]}", path=path, line=line, field=label, next="correct its value"
            )
    if not name or not name.strip():
        raise LayoutError("has no name", path=path, line=line, field=label, next='add name = "…"')


def _check_field(spec: Field, path: str) -> None:
    """Rules of one field that need no other."""
    for key, value, values in (("type", spec.type, TYPES), ("role", spec.role, ROLES)):
        if value not in values:
            raise _error(f"has the {key} {value[:40]!r}", spec, path, f"use one of: {', '.join(values)}")
    if spec.type not in _NUMERIC:
        given = next((key for key in ("scale", "signed", "digits") if getattr(spec, key)), "")
        if given:
            raise _error(
                f"has {given}, but its type is {spec.type}",
                spec,
                path,
                f"use {', '.join(_NUMERIC)}, or drop it",
            )
    if spec.type == "dbcs" and spec.length % 2:
        raise _error(
            f"is dbcs and {spec.length} bytes long", spec, path, "two bytes a character: give an even length"
        )
    if spec.length and spec.type == "binary" and spec.length > 8:
        raise _error(f"is binary and {spec.length} bytes long", spec, path, "use 1 to 8 bytes, or type raw")
    room = {"zoned": spec.length, "packed": 2 * spec.length - 1, "binary": 19}.get(spec.type, 0)
    if spec.length and spec.type in _NUMERIC:
        for key in ("digits", "scale"):
            if not 0 <= getattr(spec, key) <= room:
                raise _error(
                    f"has {key} {getattr(spec, key)} in {spec.length} bytes", spec, path, f"use 0 to {room}"
                )
    if spec.digits and spec.scale > spec.digits:
        raise _error(
            f"has {spec.scale} decimal places in {spec.digits} digits", spec, path, "correct scale or digits"
        )


def _check_names(fields: Sequence[Field], path: str) -> None:
    seen: dict[str, Field] = {}
    for spec in fields:
        if len(spec.name) > MAX_FIELD_NAME or not spec.name.isprintable():
            raise _error(
                "has a name that is too long or holds control characters",
                spec,
                path,
                "give it a short, plain name",
            )
        if spec.name in seen:
            first = f" (first on line {seen[spec.name].line})" if seen[spec.name].line else ""
            raise _error(f"is described twice{first}", spec, path, "give each field its own name")
        seen[spec.name] = spec


def _check_columns(fields: Sequence[Field], path: str) -> None:
    seen: dict[int, str] = {}
    for spec in fields:
        if spec.column in seen:
            raise _error(
                f"has the column {spec.column} of {seen[spec.column]}", spec, path, "columns count from 0"
            )
        seen[spec.column] = spec.name


def _check_overlaps(fields: Sequence[Field], allowed: Sequence[bool], path: str) -> None:
    """Each field may share bytes with those before it only where it says so."""
    order = sorted(range(len(fields)), key=lambda at: (fields[at].offset, at))
    end, last = 0, -1
    for at in order:
        spec = fields[at]
        if allowed[at]:
            continue
        if spec.offset < end:
            later, earlier = (spec, fields[last]) if at > last else (fields[last], spec)
            stop = min(end, spec.offset + spec.length) - 1
            raise _error(
                f"shares bytes {spec.offset}–{stop} with {earlier.name}",
                later,
                path,
                "correct offset or length, or set overlaps = true on it",
            )
        if spec.offset + spec.length > end:
            end, last = spec.offset + spec.length, at


def _record_length(described: int, known: int | None, path: str) -> int:
    """The record length when a layout describes ``described`` bytes and the caller knows another number."""
    if known is not None and known < 1:
        raise LayoutError(f"record_length cannot be {known}", path=path, next="give it in bytes")
    if known and known < described:
        raise LayoutError(
            f"describes {described} bytes, records have {known}",
            path=path,
            next="correct record_length in [source], or the layout",
        )
    length = known or described
    if length > MAX_RECORD:
        raise LayoutError(
            f"a record of {length:,} bytes is too long", path=path, next=f"use at most {MAX_RECORD:,}"
        )
    return length


def _unique(name: str, taken: set[str]) -> str:
    """The name, or the name with the first free number behind it."""
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    taken.add(unique)
    return unique


def _error(what: str, spec: Field, path: str, advice: str) -> LayoutError:
    name = "".join(c if c.isprintable() else " " for c in spec.name[:60])
    return LayoutError(what, path=path, line=spec.line, field=name, next=advice)
