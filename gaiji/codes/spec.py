"""Charset files (``mappings/charsets/*.toml``): what they say, and the options that they offer.

Owns the format of the file, the names there are and which value of an option is legal. The tables that a file
names are parsed in ``gaiji.codes.tables``; what they mean together is in ``gaiji.codes.charset``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any

from gaiji.codes.code import Form
from gaiji.codes.tables import Range, Table, load_table, parse_range
from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import ArgumentTypeError, CharsetError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.standard.editions import Edition

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
    sha256: str = ""


def charset_names() -> tuple[str, ...]:
    """Every supported charset, sorted."""
    return tuple(sorted(path.stem for path in (mappings_dir() / "charsets").glob("*.toml")))


@lru_cache(maxsize=64)
def load_spec(name: str) -> Spec:
    """The charset file of that name; CharsetError with the nearest name when there is none."""
    if name not in charset_names():
        raise CharsetError(
            fault("E0024", "there is no charset {name!r}", name=name[:40]),
            next=nearest(name, charset_names(), "`gaiji charset list` lists them"),
        )
    path = mappings_dir() / "charsets" / f"{name}.toml"
    raw = path.read_bytes()
    meta = tomllib.loads(raw.decode("utf-8"))
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
        ranges=tuple(parse_range(item) for item in meta.get("range", ())),
        options=meta.get("options", {}),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def vendor_tables(spec: Spec, chosen: Mapping[str, str], edition: Edition | None = None) -> list[Table]:
    """The tables that a charset file names, and those that its options bring, later ones winning; those that
    follow from the MJ list, from this ``edition`` of it."""
    tables: list[Table] = []
    for which in ("single", "double", "triple"):
        ids = list(getattr(spec, which))
        for option, value in chosen.items():
            ids += spec.options.get(option, {}).get(value, {}).get(which, [])
        tables += [load_table(table_id, edition) for table_id in ids]
    return tables


def half_of(spec: Spec, chosen: Mapping[str, str]) -> int:
    """The single byte that is a blank among double bytes, too, by these options; -1 where there is none."""
    found = [spec.options.get(option, {}).get(value, {}).get("half", "") for option, value in chosen.items()]
    return max((int(byte, 16) for byte in found if byte), default=-1)


def code_system(name: str) -> str:
    """The short name of a charset's code system, as it stands in findings, tags and the review queue."""
    spec = load_spec(name)
    tables = [load_table(table_id) for table_id in (*spec.single, *spec.double, *spec.triple)]
    return system_of(tables)


def system_of(tables: Sequence[Table]) -> str:
    """The short name of the system that the wide codes of these tables belong to."""
    wide = [t for t in tables if not t.ranges or t.ranges[0].size > 1 or t.form is Form.NUMBER] or list(
        tables
    )
    return wide[0].system if wide else "UCS"


def chosen_options(spec: Spec, given: Mapping[str, str]) -> dict[str, str]:
    """Every option with its value, those not given by their defaults; CharsetError names the nearest."""
    known = {"dash": ("jis", "microsoft", "source"), "pua": ()} | {
        name: tuple(option["values"]) for name, option in spec.options.items()
    }
    chosen = {"dash": "jis", "pua": "linear"} | {name: o["default"] for name, o in spec.options.items()}
    for name, value in given.items():
        if name not in known:
            raise CharsetError(
                fault("E0025", "{spec} has no option {name!r}", spec=spec.name, name=name[:40]),
                next=nearest(name, known, f"`gaiji charset show {spec.name}` lists them"),
            )
        if not isinstance(value, str):
            raise ArgumentTypeError(
                fault("E0371", "option {name} is not text", name=name),
                argument="options",
                next=tr("write a str"),
            )
        if known[name] and value not in known[name]:
            raise CharsetError(
                fault(
                    "E0026",
                    "option {name} of {spec} cannot be {value!r}",
                    name=name,
                    spec=spec.name,
                    value=value[:40],
                ),
                next=nearest(value, known[name]),
            )
        chosen[name] = value
    return chosen


def offset_pua(ranges: tuple[Range, ...], start: str, name: str) -> tuple[Range, ...]:
    """User ranges numbered on from one start code point, as sites do that chose their own."""
    try:
        at = int(start, 16)
        if not (0xE000 <= at <= 0xF8FF or 0xF0000 <= at <= 0x10FFFD):
            raise ValueError(start)
    except ValueError:
        known = sorted({label for r in ranges for label, _ in r.pua})
        raise CharsetError(
            fault("E0040", "option pua of {name} cannot be {start!r}", name=name, start=start[:20]),
            next=tr(
                "use {known} or a code point of a private use area, like E92E",
                known=", ".join(known) or "linear",
            ),
        ) from None
    out = []
    for area in ranges:
        if area.kind == "user":
            area = Range(area.kind, area.lead, area.trail, area.prefix, (("offset", at),))
            at += len(area)
        out.append(area)
    return tuple(out)
