"""One text field, read plainly: its cell and the reasons of its findings.

Owns the rules of shifts, lead bytes and Unicode as the documentation states them, what padding is, and what an empty
field is. Speed is no aim.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from oracle.charsets import (
    DASH,
    GETA,
    LOST,
    Charset,
    Meaning,
    is_control,
    points,
    standard_kanji_set,
    unicode_texts,
)

BLANKS = " \u3000"
Unit = tuple[str, str]
"""The text that a unit puts into the cell, and the reason of its finding (or "")."""


@dataclass
class Reading:
    """What a field is: the cell of the output, and how many findings of each reason."""

    cell: str
    findings: Counter[str] = field(default_factory=Counter)


def read(charset: Charset, raw: bytes, type: str, role: str, *, trim: bool = True) -> Reading:
    """A field of type mixed, dbcs or sbcs. Low-values or blanks throughout are an empty field."""
    if raw and not raw.strip(b"\0"):
        return Reading("")
    if trim and (charset.kind == "double" or (charset.kind == "shifted" and type == "dbcs")):
        while raw.endswith(charset.wide_blank) and len(raw) % 2 == 0:
            raw = raw[:-2]
    units = [_in_role(unit, role) for unit in _units(charset, raw, type)]
    cell = "".join(text for text, _ in units)
    found = Counter(reason for _, reason in units if reason)
    return Reading(cell.rstrip(BLANKS) if trim else cell, found)


def _in_role(unit: Unit, role: str) -> Unit:
    """Marks of loss are findings in names, control characters in names and addresses."""
    text, reason = unit
    if reason == "rare":  # a kanji that the standard lacks
        return text, "not-in-standard" if role == "name" else ""
    if not reason and role == "name" and text in LOST:
        return text, "already-lost"
    if not reason and role in ("name", "kana", "address") and is_control(text):
        return GETA, "illegal"
    return unit


def _units(charset: Charset, raw: bytes, type: str) -> list[Unit]:
    if charset.kind == "utf-8":
        return _utf8(raw)
    if charset.unicode:
        return _utf16(raw, "big" if charset.kind == "utf-16-be" else "little")
    if charset.kind == "decimal":
        return _decimal(charset, raw)
    if charset.kind == "lead-byte":
        return _lead(charset, raw)
    if charset.kind == "double" or type == "dbcs":
        return _pairs(charset, raw)
    if type == "sbcs":
        return [_said(charset.of(raw[i : i + 1])) for i in range(len(raw))]
    return _shifted(charset, raw)


def _said(meaning: Meaning) -> Unit:
    return meaning.text, meaning.reason


def _pairs(charset: Charset, raw: bytes) -> list[Unit]:
    """Double bytes without shifts; a byte left over is half a character."""
    whole = [_said(charset.of(raw[i : i + 2])) for i in range(0, len(raw) - 1, 2)]
    return whole + ([(GETA, "broken-shift")] if len(raw) % 2 else [])


def _shifted(charset: Charset, raw: bytes) -> list[Unit]:
    """Single bytes, and double bytes between shifts. A shift that changes nothing, and one that the field never
    takes back, is a finding without a text of its own; another size of characters is none."""
    out: list[Unit] = []
    inside, at, opened = b"", 0, 0
    while at < len(raw):
        shift = _shift_at(charset, raw, at)
        if shift in charset.shift_in:
            out.append(("", "broken-shift" if shift == inside else ""))
            opened = opened if inside else len(out) - 1
            inside = shift
            at += len(shift)
        elif shift:
            out.append(("", "" if inside else "broken-shift"))
            inside = b""
            at += len(shift)
        elif not inside:
            out.append(_said(charset.of(raw[at : at + 1])))
            at += 1
        else:
            size, unit = _double(charset, raw, at)
            out.append(unit)
            at += size
    if inside:
        out[opened] = ("", "broken-shift")
    return out


def _shift_at(charset: Charset, raw: bytes, at: int) -> bytes:
    return next((s for s in (*charset.shift_in, *charset.shift_out) if raw.startswith(s, at)), b"")


def _double(charset: Charset, raw: bytes, at: int) -> tuple[int, Unit]:
    """A double byte inside shifts; half of one where the field or the shift ends too early."""
    code = raw[at : at + 2]
    if len(code) < 2:
        return 1, (GETA, "broken-shift")
    meaning = charset.of(code)
    if meaning.reason == "illegal" and _shift_at(charset, raw, at + 1):
        return 1, (GETA, "broken-shift")
    lone = code[:1] == charset.wide_blank[:1] == charset.blank and len(raw) > at + 2
    if meaning.reason == "illegal" and lone and charset.of(raw[at + 1 : at + 3]).reason != "illegal":
        return 1, (
            GETA,
            "broken-shift",
        )  # a blank that is too short: what stands behind it is read as it stands
    return 2, _said(meaning)


def _lead(charset: Charset, raw: bytes) -> list[Unit]:
    """The first byte says how many a character has; without its other bytes it is half a character."""
    out: list[Unit] = []
    at = 0
    while at < len(raw):
        size = charset.leads.get(raw[at], 1)
        code = raw[at : at + size]
        if len(code) < size or any(byte not in charset.trails for byte in code[1:]):
            out.append((GETA, "broken-shift"))
            at += 1
        else:
            out.append(_said(charset.of(code)))
            at += size
    return out


def _decimal(charset: Charset, raw: bytes) -> list[Unit]:
    """Digits in groups; blanks are blanks."""
    out: list[Unit] = []
    at = 0
    while at < len(raw):
        digits = at
        while digits < len(raw) and digits - at < charset.digits and 0x30 <= raw[digits] <= 0x39:
            digits += 1
        if digits - at == charset.digits:
            out.append(_said(charset.of(raw[at:digits])))
        elif digits > at:
            out.append((GETA, "broken-shift"))
        elif raw[at] == charset.blank[0]:
            out.append((" ", ""))
        else:
            out.append((GETA, "illegal"))
        at = max(digits, at + 1)
    return out


def _utf16(raw: bytes, order: str) -> list[Unit]:
    numbers: list[int] = [int.from_bytes(raw[i : i + 2], order) for i in range(0, len(raw) - 1, 2)]  # type: ignore[arg-type]
    out: list[Unit | int] = []
    at = 0
    while at < len(numbers):
        high, low = numbers[at], numbers[at + 1] if at + 1 < len(numbers) else 0
        if 0xD800 <= high < 0xDC00 and 0xDC00 <= low < 0xE000:
            out.append(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)
            at += 2
            continue
        out.append((GETA, "broken-shift") if 0xD800 <= high < 0xE000 else high)
        at += 1
    return _characters(out + ([(GETA, "broken-shift")] if len(raw) % 2 else []))


def _utf8(raw: bytes) -> list[Unit]:
    """Python's own decoder; what it cannot read is told byte by byte."""
    out: list[Unit | int] = []
    while raw:
        try:
            return _characters(out + [ord(c) for c in raw.decode("utf-8")])
        except UnicodeDecodeError as error:
            out += [ord(c) for c in raw[: error.start].decode("utf-8")]
            lead = 0xC2 <= raw[error.start] <= 0xF4
            out.append((GETA, "broken-shift" if lead else "illegal"))
            raw = raw[error.start + 1 :]
    return _characters(out)


def _characters(parts: list[Unit | int]) -> list[Unit]:
    """Code points as characters: a selector or mark is one with its base, if that is a clean one of planes 0 to 3."""
    out: list[Unit] = []
    base = -1
    for part in parts:
        if isinstance(part, tuple):
            out.append(part)
            base = -1
        elif _joins(part):
            if base < 0:
                out.append((GETA, "illegal"))
            elif part in MARKS and out[-1] != (chr(base), ""):
                out.append((GETA, "illegal"))  # a mark joins only what is itself
            else:
                out[-1] = _sequence(base, part)
            base = -1
        else:
            out.append(_scalar(part))
            base = part if out[-1][1] in ("", "rare") and part < 0x40000 else -1
    return out


MARKS = (0x3099, 0x309A, 0x300, 0x301)


def _joins(point: int) -> bool:
    selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF
    return selector or point in MARKS


def _sequence(base: int, mark: int) -> Unit:
    text = chr(base) + chr(mark)
    if mark in MARKS:
        return text, ""
    meaning = unicode_texts().get(text, Meaning(GETA, "illegal"))
    return meaning.text, meaning.reason


def _scalar(point: int) -> Unit:
    """Text that comes as Unicode: itself, in JIS's reading of the dashes; private use is the site's 外字."""
    kind, text = points().get(point, ""), chr(point)
    if kind == "private":
        return GETA, "unmapped-gaiji"
    if not kind or (kind in ("control", "format") and point > 0xFFFF):
        return GETA, "illegal"
    if text in unicode_texts():
        return unicode_texts()[text].text, unicode_texts()[text].reason
    if kind == "kanji" and text not in standard_kanji_set():
        return text, "rare"
    return DASH.get(text, text), ""
