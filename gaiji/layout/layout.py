"""Which bytes of a record, or which column of a CSV, are which field.

Owns ``Layout`` and the checks of ``[[field]]`` tables; takes copybooks from ``gaiji.layout.copybook`` and the
roles of CSV headers from ``gaiji.layout.roles``. Cuts no records and decodes no bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import LayoutError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.layout.check import check_field, field_error, other_keys
from gaiji.layout.checks import check_columns, check_names, check_overlaps
from gaiji.layout.copybook import MAX_FIELDS, MAX_RECORD, SUFFIXES, Described, describe_copybook
from gaiji.layout.fillers import without_fillers
from gaiji.layout.roles import find_role, load_preset, preset_names
from gaiji.model import Field
from gaiji.model.pattern import Pattern
from gaiji.model.plain import dataclass

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
    "sign": str,
    "signs": str,
    "order": str,
    "float": str,
    "charset": str,
    "column": int,
    "overlaps": bool,
}
_TOP = ("field", "record_length", "shortest", "title")
_OVERRIDES = ("type", "role", "scale", "signed", "digits", "sign", "signs", "order", "float", "charset")
_KINDS = {str: "a string", int: "a whole number", bool: "true or false"}
_FIELD_HEADER = Pattern(r"(?m)^[ \t]*+\[\[[ \t]*+field[ \t]*+\]\]")


@dataclass(frozen=True)
class Layout:
    """The fields of one kind of record, in order.

    ``record_length`` is in bytes, 0 for delimited formats; without a declared length it is the end of the
    last field. ``path`` is the file that the layout came from, "" when there was none. ``fillers``: (offset,
    length) of bytes that it declares to be no field. ``shortest``: bytes of the shortest record that it
    allows, 0 when every record must reach the end of the last field.
    """

    fields: tuple[Field, ...]
    record_length: int = 0
    path: str = ""
    fillers: tuple[tuple[int, int], ...] = ()
    shortest: int = 0

    def field(self, name: str) -> Field:
        """The field of that name; LayoutError names the nearest one when there is none."""
        found = next((spec for spec in self.fields if spec.name == name), None)
        if found is None:
            names = [spec.name for spec in self.fields]
            raise LayoutError(
                fault("E0145", "has no field {name!r}", name=str(name)[:40]),
                path=self.path,
                next=nearest(str(name), names),
            )
        return found


def load_layout(
    path: str | Path,
    *,
    record_length: int | None = None,
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    sync: str = "refuse",
    encoding: str = "",
    replacing: Mapping[str, str] | None = None,
) -> Layout:
    """A layout file: ``.toml`` with ``[[field]]`` tables, or a copybook (``.cpy``, ``.cbl``, ``.cob``).

    ``record_length`` is what the caller knows of the records, in bytes; it may be longer than the layout,
    never shorter. The other options are those of ``gaiji.layout.copybook.parse_copybook``; a TOML layout
    takes ``roles`` (field name → role) too. Raises LayoutError.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        found = describe_copybook(
            path,
            redefines=redefines,
            roles=roles,
            depending=depending,
            sync=sync,
            encoding=encoding,
            replacing=replacing,
        )
        return copybook_layout(found, record_length, path)
    if suffix != ".toml":
        raise LayoutError(
            fault("E0146", "has the suffix {suffix!r}, which names no layout format", suffix=suffix),
            path=path,
            next=tr("end it in .toml or {suffixes}", suffixes=", ".join(SUFFIXES)),
        )
    if redefines or replacing or encoding:
        raise LayoutError(
            fault("E0147", "is not a copybook, so redefines has no meaning")
            if redefines
            else fault("E0486", "is not a copybook, so its encoding and replacing have no meaning"),
            path=path,
            next=tr("remove redefines") if redefines else tr("remove those keys"),
        )
    if sync != "refuse":
        raise LayoutError(
            fault("E0637", "is not a copybook, so sync has no meaning"),
            path=path,
            next=tr("describe the slack bytes as filler, and remove sync"),
        )
    layout = _load_toml(path, record_length)
    return with_roles(layout, roles) if roles else layout


def copybook_layout(found: Described, known: int | None, path: str | Path) -> Layout:
    """The layout of a copybook that was read, and what the caller knows of the bytes of a record, as for
    ``load_layout``. LayoutError where the two do not go together."""
    length = _record_length(found.length, known, str(path))
    return Layout(tuple(found.fields), length, str(path), found.fillers)


def layout_from_fields(
    tables: Sequence[Mapping[str, Any]],
    *,
    path: str | Path = "",
    record_length: int | None = None,
    lines: Sequence[int] | None = None,
) -> Layout:
    """A layout from the dictionary form of ``[[field]]`` tables.

    Keys: name, and offset and length in bytes, or column from 0 for delimited formats; type, role, charset,
    scale, signed, digits, sign, signs, order, float; ``overlaps = true`` on a field that shares bytes with
    one before it (as REDEFINES does). ``type = "filler"`` declares bytes that are no field; it needs no name.
    ``lines`` holds the line of each table in ``path``, where they are known. Raises LayoutError.
    """
    where = str(path)
    if not tables:
        raise LayoutError(fault("E0148", "describes no field"), path=where, next=tr("add [[field]] tables"))
    if len(tables) > MAX_FIELDS:
        raise LayoutError(
            fault("E0149", "has more than {max_fields:,} fields", max_fields=MAX_FIELDS),
            path=where,
            next=tr("leave out those not needed"),
        )
    tables, lines, fillers = without_fillers(tables, lines, where)
    if not tables:
        raise LayoutError(fault("E0148", "describes no field"), path=where, next=tr("add [[field]] tables"))
    known = lines if lines is not None and len(lines) == len(tables) else [0] * len(tables)
    fields = [
        _field(table, number, line, where)
        for number, (table, line) in enumerate(zip(tables, known, strict=True), 1)
    ]
    check_names(fields, where)
    delimited = [spec.column >= 0 for spec in fields]
    if any(delimited) and not all(delimited):
        odd = fields[delimited.index(False)]
        raise field_error(
            fault("E0150", "has no column, others have"),
            odd,
            where,
            tr("describe all fields by column, or all by offset"),
        )
    if any(delimited):
        check_columns(fields, where)
        return Layout(tuple(fields), 0, where)
    check_overlaps(fields, [bool(table.get("overlaps")) for table in tables], where)
    end = max([spec.offset + spec.length for spec in fields] + [sum(filler) for filler in fillers])
    if record_length and (beyond := next((f for f in fields if f.offset + f.length > record_length), None)):
        raise field_error(
            fault(
                "E0151",
                "ends at byte {offset}, records have {record_length}",
                offset=beyond.offset + beyond.length,
                record_length=record_length,
            ),
            beyond,
            where,
            tr("correct offset and length, or record_length"),
        )
    return Layout(tuple(fields), _record_length(end, record_length, where), where, fillers)


def for_header(header: Sequence[str], preset: str | None = None) -> Layout:
    """The layout of a CSV: one field a column, named by the header, its role decided by presets.

    ``preset`` names one known layout (``gaiji.layout.roles.preset_names``); None asks all of them, ``"none"``
    gives no roles. A header that no preset knows follows the rules of ``roles.toml``. An empty header
    becomes ``column3``, a repeated one ``氏名_2``.
    """
    if len(header) > MAX_FIELDS:
        raise LayoutError(
            fault("E0152", "the header has more than {max_fields:,} columns", max_fields=MAX_FIELDS),
            next=tr("check delimiter and charset"),
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
    """The layout with type, role, charset or number of named fields changed by ``[[field]]`` tables, and with
    the fillers among them.

    Offset, length and column may be repeated, and must then agree with the layout. Raises LayoutError.
    """
    changed = {spec.name: spec for spec in layout.fields}
    where = str(path) or layout.path
    tables, _, fillers = without_fillers(tables, None, where)
    if fillers and not layout.record_length:
        raise LayoutError(
            fault("E0403", "has a filler, and fields by column"),
            path=where,
            next=tr("leave the filler out: a CSV has no bytes outside its columns"),
        )
    for number, table in enumerate(tables, 1):
        _check_keys(table, number, 0, where)
        spec = layout.field(table["name"])
        for key in ("offset", "length", "column"):
            if key in table and table[key] != getattr(spec, key):
                raise field_error(
                    fault(
                        "E0153",
                        "{key} is {given} in the layout, {table} in the job",
                        key=key,
                        given=getattr(spec, key),
                        table=table[key],
                    ),
                    spec,
                    where,
                    tr("remove {key} from its [[field]], or correct the layout", key=key),
                )
        base = _retyped(spec, table["type"]) if "type" in table else spec
        new = replace(base, **{key: table[key] for key in _OVERRIDES if key in table})
        check_field(new, where)
        changed[spec.name] = new
    return replace(layout, fields=tuple(changed.values()), fillers=layout.fillers + fillers)


def _retyped(spec: Field, type: str) -> Field:
    """A field of another type, without what only its own type has."""
    plain = Field(spec.name)
    return replace(spec, type=type, **{key: getattr(plain, key) for key in other_keys(type)})


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
            fault("E0154", "cannot be read: {reason}", reason=error.strerror),
            path=path,
            next=tr("give the path of a layout"),
        ) from error
    if len(raw) > MAX_BYTES:
        raise LayoutError(fault("E0155", "is bigger than 1 MiB"), path=path, next=tr("check the path"))
    try:
        data = parse_toml(raw)
    except NotToml as error:
        raise LayoutError(
            fault("E0156", "is not valid TOML: {error}", error=error), path=path, next=tr("correct that line")
        ) from error
    for key in data:
        if key not in _TOP:
            raise LayoutError(
                fault("E0157", "has the unknown key {key!r}", key=key[:40]),
                path=path,
                next=nearest(key, _TOP),
            )
    tables = data.get("field", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise LayoutError(
            fault("E0158", "field must be [[field]] tables"),
            path=path,
            next=tr("write [[field]] above each field"),
        )
    declared, shortest = data.get("record_length"), data.get("shortest")
    if declared is not None and (not isinstance(declared, int) or isinstance(declared, bool) or declared < 1):
        raise LayoutError(
            fault("E0159", "record_length must be a whole number above 0"),
            path=path,
            next=tr("give it in bytes"),
        )
    if shortest is not None and (not isinstance(shortest, int) or isinstance(shortest, bool) or shortest < 1):
        raise LayoutError(
            fault("E0405", "shortest must be a whole number above 0"), path=path, next=tr("give it in bytes")
        )
    length = _record_length(declared, record_length, str(path)) if declared else record_length
    text = raw.decode("utf-8-sig")
    lines = [text.count("\n", 0, found.start()) + 1 for found in _FIELD_HEADER.finditer(text)][
        : MAX_FIELDS + 1
    ]
    layout = layout_from_fields(tables, path=path, record_length=length, lines=lines)
    return replace(layout, shortest=shortest or 0)


def _field(table: Mapping[str, Any], number: int, line: int, path: str) -> Field:
    """One ``[[field]]`` table, checked on its own."""
    _check_keys(table, number, line, path)
    if "column" in table and ("offset" in table or "length" in table):
        raise LayoutError(
            fault("E0160", "has a column and a place in bytes"),
            path=path,
            line=line,
            field=table["name"],
            next=tr("keep column for delimited formats, offset and length for others"),
        )
    for key in () if "column" in table else ("offset", "length"):
        if key not in table:
            raise LayoutError(
                fault("E0161", "has no {key}", key=key),
                path=path,
                line=line,
                field=table["name"],
                next=tr("add {key} in bytes", key=key),
            )
    values = {key: table[key] for key in _KEYS if key in table and key != "overlaps"}
    spec = Field(**values, line=line)
    if spec.offset < 0 or spec.length < 0 or ("column" in table and spec.column < 0):
        raise field_error(fault("E0162", "has a negative place"), spec, path, tr("count from 0"))
    if "length" in table and spec.length < 1:
        raise field_error(
            fault("E0163", "has the length {length}", length=spec.length),
            spec,
            path,
            tr("give at least one byte"),
        )
    check_field(spec, path)
    return spec


def _check_keys(table: Mapping[str, Any], number: int, line: int, path: str) -> None:
    """The keys of a ``[[field]]`` table and the kinds of their values."""
    name = table.get("name")
    label = name[:60] if isinstance(name, str) and name else f"#{number}"
    for key, value in table.items():
        if key not in _KEYS:
            raise LayoutError(
                fault("E0164", "has the unknown key {key!r}", key=key[:40]),
                path=path,
                line=line,
                field=label,
                next=nearest(key, tuple(_KEYS)),
            )
        kind = _KEYS[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise LayoutError(
                fault("E0165", "{key} must be {kinds}", key=key, kinds=_KINDS[kind]),
                path=path,
                line=line,
                field=label,
                next=tr("correct its value"),
            )
    if not name or not name.strip():
        raise LayoutError(
            fault("E0166", "has no name"), path=path, line=line, field=label, next=tr('add name = "…"')
        )


def _record_length(described: int, known: int | None, path: str) -> int:
    """The record length when a layout describes ``described`` bytes and the caller knows another number."""
    if known is not None and known < 1:
        raise LayoutError(
            fault("E0177", "record_length cannot be {known}", known=known),
            path=path,
            next=tr("give it in bytes"),
        )
    if known and known < described:
        raise LayoutError(
            fault(
                "E0178", "describes {described} bytes, records have {known}", described=described, known=known
            ),
            path=path,
            next=tr("correct record_length in [source], or the layout"),
        )
    length = known or described
    if length > MAX_RECORD:
        raise LayoutError(
            fault("E0179", "a record of {length:,} bytes is too long", length=length),
            path=path,
            next=tr("use at most {max_record:,}", max_record=MAX_RECORD),
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
