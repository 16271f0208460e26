"""One question, one glyph or several: by character, name, official number or vendor code.

Owns the forms of a query and the search for vendor codes that reach a glyph. The facts themselves are in
``gaiji.standard.repertoire`` and the mapping tables.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import regex

from gaiji.codes.code import Form, read_code
from gaiji.codes.evidence import facts
from gaiji.codes.tables import GRADES, load_table, table_ids
from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import UsageError, nearest
from gaiji.model import Glyph
from gaiji.standard.characters import points
from gaiji.standard.errata import erratum
from gaiji.standard.repertoire import Repertoire, load_repertoire

_NUMBERS = {
    "戸籍": "by_koseki",
    "koseki": "by_koseki",
    "登記": "by_touki",
    "touki": "by_touki",
    "住基": "by_juki",
    "juki": "by_juki",
}
_ADVICE = (
    "give a character (辻), MJ025761, GJ000001, U+8FBB, J+845B, 戸籍:349920, 登記:00349920, 1-36-52 or a code "  # noqa: E501
    "like jef:C4D4"
)


@dataclass(frozen=True)
class VendorCode:
    """A code of a vendor's table that reaches a glyph; ``sure`` is False where it is one of several
    candidates.
    """

    system: str
    edition: str
    code: str
    sure: bool
    grade: str = ""


def lookup(query: str) -> tuple[Glyph, ...]:
    """The glyphs that a query means, best first; UsageError when it has no known form or meets nothing."""
    repertoire = load_repertoire()
    found = _find(query.strip(), repertoire)
    if not found and not code_lines(query):
        raise UsageError(f"nothing is known by {query[:40]!r}", next=_ADVICE)
    return found


def _find(query: str, repertoire: Repertoire) -> tuple[Glyph, ...]:
    if regex.fullmatch(r"(?i)(MJ|GJ)\d{6}", query):
        glyph = repertoire.get(query)
        return (glyph,) if glyph else ()
    if regex.fullmatch(r"(?i)J\+[0-9A-F]{4}", query):
        return repertoire.by_juki(query.upper())
    match = regex.fullmatch(r"(?i)U\+([0-9A-F]{4,6})(?:[ _]?(?:U\+)?(E01[0-9A-F]{2}))?", query)
    if match:
        return repertoire.by_text("".join(chr(int(part, 16)) for part in match.groups() if part))
    if regex.fullmatch(r"[12]-\d{1,2}-\d{1,2}", query):
        plane, row, cell = (int(part) for part in query.split("-"))
        return repertoire.by_x0213(f"{plane}-{row:02d}-{cell:02d}")
    prefix, colon, rest = query.partition(":")
    if colon and rest:
        if prefix.lower() in _NUMBERS:
            by = getattr(repertoire, _NUMBERS[prefix.lower()])
            return tuple(by(rest.upper()))
        return _by_vendor_code(prefix, rest, repertoire)
    return repertoire.by_text(query)


def _by_vendor_code(system: str, code: str, repertoire: Repertoire) -> tuple[Glyph, ...]:
    """Glyphs of a vendor code; a row without a glyph (kana, signs) answers with its text's glyphs, if any."""
    ids = [table_id for table_id, (name, *_) in _systems().items() if name.lower() == system.lower()]
    if not ids:
        known = sorted({name for name, *_ in _systems().values()})
        raise UsageError(f"there is no code system {system[:20]!r}", next=nearest(system, known))
    out: dict[str, Glyph] = {}
    for table_id in ids:
        table = load_table(table_id)
        number, size = read_code(table.form, code)
        for row in table.rows:
            if (row.code, row.size) == (number, size):
                names = row.names or tuple(g.name for g in repertoire.by_text(row.text))
                out.update({name: repertoire[name] for name in names})
    return tuple(out.values())


@lru_cache(maxsize=1)
def _systems() -> dict[str, tuple[str, str, Form]]:
    """Table id → (system, edition, how its codes are written)."""
    out = {}
    for table_id in table_ids():
        meta = tomllib.loads((mappings_dir() / "tables" / f"{table_id}.toml").read_text("utf-8"))
        form = Form.NUMBER if meta.get("code") == "decimal" else Form.HEX
        out[table_id] = (meta["system"], meta["edition"], form)
    return out


def form_of(system: str) -> Form:
    """How the codes of a system are written, as the review queue names it (``UCS`` has no tables)."""
    meta = {name: form for name, _, form in _systems().values()}
    return meta.get(system, Form.UNICODE if system == "UCS" else Form.HEX)


def vendor_codes(glyph: Glyph) -> list[VendorCode]:
    """Every code of the shipped vendor tables that reaches the glyph (not the official numbers)."""
    out: dict[VendorCode, None] = {}
    needle = glyph.name.encode()
    for table_id, (system, edition, _) in _systems().items():
        if table_id.startswith("official/"):
            continue
        raw = Path(mappings_dir() / "tables" / f"{table_id}.tsv").read_bytes()
        at = raw.find(needle)
        while at >= 0:
            begin = raw.rfind(b"\n", 0, at) + 1
            end = raw.find(b"\n", at)
            cells = raw[begin:end].decode().split("\t")
            names = cells[2].split("|")
            if glyph.name in names and cells[3] != "1":
                grade = cells[4] if cells[4] in GRADES else ""
                out[VendorCode(system, edition, cells[0], len(names) == 1, grade)] = None
            at = raw.find(needle, end)
    return list(out)


def code_lines(query: str) -> list[str]:
    """What the shipped tables have for a vendor code (``jef:74A1``): each row with its grade and note,
    then the disputes
    about it; nothing for other queries."""
    system, _, code = query.strip().partition(":")
    out = []
    for fact in facts(system, code):
        out += [str(fact), *(f"  {dispute}" for dispute in fact.disputes)]
    return out


def describe(glyph: Glyph) -> str:
    """A glyph on one small page: text, IVS, numbers, readings, vendor codes."""
    ucs = " ".join(f"U+{point}" for point in points(glyph.text).split()) or "none"
    lines = [
        f"{glyph.name}  {glyph.text}",
        f"  Unicode: {ucs}{'  (the plain character means this glyph)' if glyph.default else ''}",
    ]
    numbers = {
        "戸籍統一文字番号": glyph.koseki,
        "住基ネット統一文字": glyph.juki,
        "登記統一文字番号": glyph.touki,
        "JIS X 0213": glyph.x0213,
        "JIS X 0212": glyph.x0212,
    }
    lines += [f"  {label}: {value}" for label, value in numbers.items() if value]
    if glyph.strokes:
        lines.append(f"  strokes: {glyph.strokes}   radical.strokes: {' '.join(glyph.radicals)}")
    if glyph.readings:
        lines.append(f"  readings: {' '.join(glyph.readings)}")
    codes = [
        f"{c.system}:{c.code} ({c.edition}{'' if c.sure else ', one of several'}"
        f"{c.grade and f', grade {c.grade}'})"
        for c in vendor_codes(glyph)
    ]
    lines.append(f"  vendor codes: {'; '.join(codes) or 'none in the shipped tables'}")
    if wrong := erratum(glyph.name):
        lines.append(f"  erratum: {wrong}")
    return "\n".join(lines)
