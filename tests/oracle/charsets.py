"""The mapping files, read plainly: what each code of a charset is.

Owns a charset as dictionaries from bytes to meanings. Knows nothing of fields, and shares nothing with gaiji: the
files are the contract between the two.
"""

from __future__ import annotations

import csv
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings"
GETA = "〓"
LOST = frozenset("◎■□●〓\ufffd")
DASH = {"～": "〜", "∥": "‖", "－": "−", "―": "—", "￠": "¢", "￡": "£", "￢": "¬"}
"""Option ``dash = "jis"``, the default: Microsoft's reading of seven signs becomes that of JIS X 0213."""


@dataclass(frozen=True)
class Meaning:
    """What a code becomes: its text, or the reason of a finding and the text that stands for it."""

    text: str
    reason: str = ""


@dataclass
class Charset:
    """One charset: ``codes`` are bytes (ASCII digits for numbered characters) and what they mean."""

    name: str
    kind: str
    ebcdic: bool
    shift_in: tuple[bytes, ...]
    shift_out: tuple[bytes, ...]
    blank: bytes
    wide_blank: bytes
    codes: dict[bytes, Meaning] = field(default_factory=dict)
    leads: dict[int, int] = field(default_factory=dict)
    trails: set[int] = field(default_factory=set)
    digits: int = 0

    @property
    def unicode(self) -> bool:
        return self.kind.startswith("utf")

    @property
    def wide(self) -> bool:
        """Whether all characters have (at least) two bytes."""
        return self.kind == "double" or self.kind.startswith("utf-16")

    def of(self, code: bytes) -> Meaning:
        """The meaning of a code; outside of every table and range it is illegal."""
        return self.codes.get(code, Meaning(GETA, "illegal"))


def names() -> list[str]:
    """All charsets."""
    return sorted(path.stem for path in (MAPPINGS / "charsets").glob("*.toml"))


def spec_of(name: str) -> dict[str, Any]:
    return tomllib.loads((MAPPINGS / "charsets" / f"{name}.toml").read_text("utf-8"))


def kind(name: str) -> str:
    """The kind of the charset of that name, without its tables."""
    said = str(spec_of(name)["kind"])
    return "utf-16-be" if said == "utf-16" else said


@cache
def load(name: str) -> Charset:
    """The charset of that name with its options at their defaults, a field's role not yet considered."""
    spec = spec_of(name)
    blank = bytes.fromhex(spec.get("pad_single", "40"))
    made = Charset(
        name,
        kind(name),
        blank == b"\x40",
        tuple(bytes.fromhex(s) for s in spec.get("shift_in", ())),
        tuple(bytes.fromhex(s) for s in spec.get("shift_out", ())),
        blank,
        bytes.fromhex(spec.get("pad_double", "4040")),
    )
    if made.unicode:
        return made
    tables = [*spec.get("single", ()), *spec.get("double", ()), *spec.get("triple", ())]
    for table in tables:
        _ranges(made, table)
    for table in tables:
        _rows(made, table)
    return made


def _ranges(made: Charset, table: str) -> None:
    """The declared areas: every code of them is a finding until a row says otherwise."""
    meta = tomllib.loads((MAPPINGS / "tables" / f"{table}.toml").read_text("utf-8"))
    if meta.get("code") == "decimal":
        return
    for area in meta.get("range", ()):
        reason = {"user": "unmapped-gaiji", "extension": "unmapped-extension"}.get(area["kind"], "illegal")
        prefix = bytes.fromhex(area.get("prefix", ""))
        leads = _bytes(area["lead"]) if "lead" in area else []
        if made.kind == "lead-byte" and leads:
            made.trails.update(_bytes(area["trail"]), leads if prefix else ())
            for lead in prefix or leads:
                made.leads[lead] = 2 + len(prefix)
        for lead in [bytes([b]) for b in leads] or [b""]:
            for trail in _bytes(area["trail"]):
                made.codes[prefix + lead + bytes([trail])] = Meaning(GETA, reason)


def _bytes(spec: str | list[str]) -> list[int]:
    """``A1-FE`` or a list of such → byte values."""
    out: list[int] = []
    for part in [spec] if isinstance(spec, str) else spec:
        first, _, last = part.partition("-")
        out += range(int(first, 16), int(last or first, 16) + 1)
    return out


def _rows(made: Charset, table: str) -> None:
    meta = tomllib.loads((MAPPINGS / "tables" / f"{table}.toml").read_text("utf-8"))
    decimal = meta.get("code") == "decimal"
    for row in _tsv(MAPPINGS / "tables" / f"{table}.tsv"):
        if row["flag"] == "1":  # for encoding only
            continue
        code = row["code"].encode() if decimal else bytes.fromhex(row["code"])
        if decimal:
            made.digits = len(code)
        made.codes[code] = _meaning(row)


def _meaning(row: dict[str, str]) -> Meaning:
    text = _text(row["ucs"])
    if not row["glyph"]:
        return Meaning("".join(DASH.get(c, c) for c in text))
    if "|" in row["glyph"]:
        return Meaning(text or GETA, "ambiguous")
    if not text:
        return Meaning(GETA, "no-unicode")
    return Meaning(glyphs()[row["glyph"]].needed)


def _text(ucs: str) -> str:
    return "".join(chr(int(part, 16)) for part in ucs.split())


def _tsv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@dataclass(frozen=True)
class Glyph:
    """A glyph of the MJ list: its full text, and the text where selectors stand only as needed."""

    full: str
    needed: str


@cache
def marks_of_loss() -> frozenset[str]:
    """The characters with which a mark of an earlier loss may begin, in names."""
    return frozenset("".join(row["mark"] for row in _tsv(MAPPINGS / "lost.tsv")))


@cache
def glyphs() -> dict[str, Glyph]:
    """The MJ list and that of 変体仮名, by name."""
    found = {}
    for name in ("mj-006.02", "hentaigana-002.01"):
        for row in _tsv(MAPPINGS / "repertoire" / f"{name}.tsv"):
            full = _text(row["ucs"])
            found[row["name"]] = Glyph(full, full[:1] if row.get("default") == "1" else full)
    return found


@cache
def standard_kanji() -> tuple[str, ...]:
    """Plain characters that mean a glyph of the MJ list on their own: they stay what they are."""
    return tuple(sorted({g.needed for g in glyphs().values() if len(g.needed) == 1}))


@cache
def standard_kanji_set() -> frozenset[str]:
    """The same, to look one up."""
    return frozenset(standard_kanji())


@cache
def sequences() -> tuple[str, ...]:
    """Sequences of the MJ list that need their selector."""
    return tuple(sorted({g.needed for g in glyphs().values() if len(g.needed) == 2}))


def is_control(text: str) -> bool:
    """Whether a control character or a direction mark is in the text; tabs and line ends, which a CSV's cell may
    hold, are none."""
    kinds = {"Cc", "Cf", "Zl", "Zp"}
    return any(unicodedata.category(c) in kinds and c not in "\t\n\r\u0600\u06dd\u070f\u08e2" for c in text)


@cache
def points() -> dict[int, str]:
    """Assigned code points and their kinds."""
    found = {}
    for row in _tsv(MAPPINGS / "repertoire" / "codepoints.tsv"):
        found |= dict.fromkeys(range(int(row["first"], 16), int(row["last"], 16) + 1), row["kind"])
    return found


@cache
def unicode_texts() -> dict[str, Meaning]:
    """What a Unicode source may hold besides characters that are themselves: sequences, compatibility ideographs."""
    found, plain, names = {}, set(standard_kanji()), glyphs()
    for row in _tsv(MAPPINGS / "repertoire" / "mj-006.02.tsv"):
        needed = Meaning(names[row["name"]].needed)
        found |= {_text(other): needed for other in row["also"].split("|") if other}
        if " " in row["ucs"]:
            found[_text(row["ucs"])] = needed
    for row in _tsv(MAPPINGS / "repertoire" / "sequences.tsv"):
        found.setdefault(_text(row["ucs"]), Meaning(names[row["glyph"]].needed))
    for row in _tsv(MAPPINGS / "repertoire" / "registered.tsv"):
        text, ideograph = _text(row["ucs"]), _text(row["ideograph"])
        unsure = [text] if ideograph in found or ideograph in plain else [text, *ideograph]
        reason = "ambiguous" if text[0] in plain else "rare"
        if ideograph in plain:
            found.setdefault(text, Meaning(ideograph))
        elif ideograph in found:
            found.setdefault(text, found[ideograph])
        else:
            for one in unsure:
                found.setdefault(one, Meaning(one, reason))
    return found
