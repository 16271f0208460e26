"""One question, one glyph or several: by character, name, official number or vendor code.

Owns the forms of a query and the search for vendor codes that reach a glyph. The facts themselves are in
``gaiji.standard.repertoire`` and the mapping tables.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

from gaiji.codes.code import Form, read_code
from gaiji.codes.evidence import facts
from gaiji.codes.tables import GRADES, OFFICIAL, load_table, table_ids
from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import UsageError, nearest
from gaiji.errors.messages import fault, mark, tr
from gaiji.model import Glyph
from gaiji.model.plain import dataclass
from gaiji.standard.characters import points
from gaiji.standard.errata import erratum
from gaiji.standard.repertoire import Repertoire, load_repertoire
from gaiji.standard.standing import standings_alone

_NUMBERS = {
    "戸籍": "by_koseki",
    "koseki": "by_koseki",
    "登記": "by_touki",
    "touki": "by_touki",
    "住基": "by_juki",
    "juki": "by_juki",
}
_ADVICE = mark(
    "give a character (辻), MJ025761, GJ000001, U+8FBB, J+845B, 戸籍:349920, "
    "登記:00349920, 1-36-52 or a code like jef:C4D4"
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
        raise UsageError(fault("E0041", "nothing is known by {query!r}", query=query[:40]), next=tr(_ADVICE))
    return found


def _find(query: str, repertoire: Repertoire) -> tuple[Glyph, ...]:
    if re.fullmatch(r"(?i)(MJ|GJ)\d{6}", query):
        glyph = repertoire.naming(query.upper()).get(query)
        return (glyph,) if glyph else ()
    if re.fullmatch(r"(?i)J\+[0-9A-F]{4}", query):
        return repertoire.naming(query.upper()).by_juki(query.upper())
    match = re.fullmatch(r"(?i)U\+([0-9A-F]{4,6})(?:[ _]?(?:U\+)?(E01[0-9A-F]{2}))?", query)
    if match:
        return _by_text("".join(chr(int(part, 16)) for part in match.groups() if part), repertoire)
    if re.fullmatch(r"[12]-\d{1,2}-\d{1,2}", query):
        plane, row, cell = (int(part) for part in query.split("-"))
        return repertoire.by_x0213(f"{plane}-{row:02d}-{cell:02d}")
    prefix, colon, rest = query.partition(":")
    if colon and rest:
        if prefix.lower() in _NUMBERS:
            by = getattr(repertoire, _NUMBERS[prefix.lower()])
            return tuple(by(rest.upper()))
        return _by_vendor_code(prefix, rest, repertoire)
    return _by_text(query, repertoire)


def _by_text(text: str, repertoire: Repertoire) -> tuple[Glyph, ...]:
    return repertoire.naming(text[0]).by_text(text) if text else ()


def _by_vendor_code(system: str, code: str, repertoire: Repertoire) -> tuple[Glyph, ...]:
    """Glyphs of a vendor code; a row without a glyph (kana, signs) answers with its text's glyphs, if any."""
    ids = [table_id for table_id, (name, *_) in _systems().items() if name.lower() == system.lower()]
    if not ids:
        known = sorted({name for name, *_ in _systems().values()})
        raise UsageError(
            fault("E0042", "there is no code system {system!r}", system=system[:20]),
            next=nearest(system, known),
        )
    out: dict[str, Glyph] = {}
    for table_id in ids:
        table = load_table(table_id, repertoire.edition)
        number, size = read_code(table.form, code)
        for row in table.rows:
            if (row.code, row.size) == (number, size):
                names = row.names or tuple(g.name for g in repertoire.by_text(row.text))
                out.update({name: repertoire[name] for name in names})
    return tuple(out.values())


def by_any_code(code: str, system: str = "") -> list[str]:
    """Names of the glyphs that a code means in the shipped vendor tables, of one system or of all; none
    where no table has it."""
    needle, out = b"\n" + code.strip().upper().encode() + b"\t", dict[str, None]()
    repertoire = load_repertoire()
    for table_id, (name, *_) in _systems().items():
        if table_id.startswith(OFFICIAL) or (system and name.lower() != system.strip().lower()):
            continue
        raw = (mappings_dir() / "tables" / f"{table_id}.tsv").read_bytes()
        at = raw.find(needle)
        while at >= 0:
            cells = raw[at + 1 : raw.find(b"\n", at + 1)].decode().split("\t")
            text = "".join(chr(int(point, 16)) for point in cells[1].split())
            names = [one for one in cells[2].split("|") if one in repertoire]
            out |= dict.fromkeys(names or (glyph.name for glyph in repertoire.by_text(text)))
            at = raw.find(needle, at + 1)
    return list(out)


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
    needle, root = glyph.name.encode(), mappings_dir() / "tables"
    for table_id in table_ids():
        if table_id.startswith(OFFICIAL):
            continue
        raw = (root / f"{table_id}.tsv").read_bytes()
        at = raw.find(needle)
        while at >= 0:
            begin = raw.rfind(b"\n", 0, at) + 1
            end = raw.find(b"\n", at)
            cells = raw[begin:end].decode().split("\t")
            names = cells[2].split("|")
            if glyph.name in names and cells[3] != "1":
                grade, table = cells[4] if cells[4] in GRADES else "", load_table(table_id)
                out[VendorCode(table.system, table.edition, cells[0], len(names) == 1, grade)] = None
            at = raw.find(needle, end)
    return list(out)


def code_lines(query: str) -> list[str]:
    """What the shipped tables have for a vendor code (``jef:74A1``): each row with its grade and note,
    then the disputes
    about it; nothing for other queries."""
    system, colon, code = query.strip().partition(":")
    out: list[str] = []
    if not colon:
        return out
    for fact in facts(system, code):
        out += [str(fact), *(f"  {dispute}" for dispute in fact.disputes)]
    return out


def describe(glyph: Glyph) -> str:
    """A glyph on one small page: text, IVS, numbers, readings, vendor codes."""
    ucs = " ".join(f"U+{point}" for point in points(glyph.text).split()) or tr("none")
    lines = [
        f"{glyph.name}  {glyph.text}",
        tr(
            "  Unicode: {ucs}{default}",
            ucs=ucs,
            default=tr("  (the plain character means this glyph)") if glyph.default else "",
        ),
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
        lines.append(
            tr(
                "  strokes: {strokes}   radical.strokes: {radicals}",
                strokes=glyph.strokes,
                radicals=" ".join(glyph.radicals),
            )
        )
    if glyph.readings:
        lines.append(tr("  readings: {readings}", readings=" ".join(glyph.readings)))
    codes = [
        f"{c.system}:{c.code} ({c.edition}{'' if c.sure else ', one of several'}"
        f"{c.grade and f', grade {c.grade}'})"
        for c in vendor_codes(glyph)
    ]
    lines.append(tr("  vendor codes: {codes}", codes="; ".join(codes) or tr("none in the shipped tables")))
    lines += [tr("  正字・俗字・誤字: {standing}", standing=one) for one in standings_alone(glyph)]
    if wrong := erratum(glyph.name):
        lines.append(tr("  erratum: {wrong}", wrong=wrong))
    return "\n".join(lines)
