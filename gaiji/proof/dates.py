"""Dates as the proof reads them: one text at a time, part by part, by what the job says of them.

Owns its own reading of the spellings that docs/output.md lists. Shares the eras' days and the signs of
dates, which are facts, and nothing else with what ``convert`` reads dates by.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gaiji.output.recipe import Dates
from gaiji.standard.eras import ENDS, FIGURES, FIRST, OLDER, TEN, WESTERN

SIGNS = "-./"
_WIDE = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), 0xFF0D, 0xFF0E, 0xFF0F)}
_WIDE |= {ord(letter) + 0xFEE0: ord(letter) for letter in "MTSHRmtshr"}
_WIDE |= {0x2212: 0x2D, 0x2010: 0x2D, 0x3000: 0x20}
_OLD = {ord(old): ord(new) for old, new in OLDER.items()}
_FIGURES = {figure: number for number, figure in enumerate(FIGURES)}


def day_of(raw: str, rule: Dates) -> str | None:
    """What a text is written as, None where it is no date: where it has no reading, or several."""
    for text, written in rule.special:
        if raw == text:
            return written
    text = raw.translate(_WIDE | _OLD).strip(" ")
    if not text:
        return ""
    found = set(_readings(text, rule))
    if len(found) != 1:
        return None
    day = found.pop().isoformat()
    return day.replace("-", "") if rule.basic else day


def _readings(text: str, rule: Dates) -> Iterator[date]:
    """Every day that a text can mean."""
    for spelling, era in rule.words:
        if text.startswith(spelling):
            rest = text[len(spelling) :]
            for parts in (_written(rest), _apart(rest, needed=False), _packed(rest, 2)):
                yield from _of_era(parts, era, rule)
    for spelling, era in rule.marks:
        if text.startswith(spelling):
            rest = text[len(spelling) :]
            for parts in (_apart(rest, needed=True), _packed(rest, 2)):
                yield from _of_era(parts, era, rule)
    if rule.western:
        for parts in (_western(text), _western_signs(text), _packed(text, 4)):
            if parts is not None:
                yield from _valid(*parts)


def _of_era(parts: tuple[int, int, int] | None, era: int, rule: Dates) -> Iterator[date]:
    """The day of a year, month and day of an era, where the era has it."""
    if parts is None or parts[0] < 1:
        return
    own = rule.eras[era]
    for day in _valid(own.year + parts[0] - 1, parts[1], parts[2]):
        last = date.fromisoformat(own.last) if own.last and not rule.beyond else date.max
        if date.fromisoformat(own.first) <= day <= last:
            yield day


def _valid(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _figures(text: str) -> int | None:
    """One or two digits."""
    return int(text) if 1 <= len(text) <= 2 and text.isascii() and text.isdigit() else None


def _kanji(text: str) -> int | None:
    """A number from 1 to 99 in kanji: 二十五, 二五, 十."""
    tens, ten, ones = text.partition(TEN)
    if ten:
        high = 1 if not tens else _FIGURES.get(tens, 0)
        low = 0 if not ones else _FIGURES.get(ones, 0)
        fits = high > 0 and (not ones or low > 0)
        return 10 * high + low if fits else None
    if not 1 <= len(text) <= 2 or not all(one in _FIGURES for one in text):
        return None
    number = int("".join(str(_FIGURES[one]) for one in text))
    return number or None


def _number(text: str) -> int | None:
    figures = _figures(text)
    return _kanji(text) if figures is None else figures


def _year(text: str) -> int | None:
    return 1 if text == FIRST else _number(text)


def _between(text: str, *ends: str) -> list[str] | None:
    """What stands before each of some signs, one after the other, the last at the end."""
    out = []
    for end in ends:
        part, found, text = text.partition(end)
        if not found:
            return None
        out.append(part.strip(" "))
    return out if not text else None


def _whole(year: int | None, month: int | None, day: int | None) -> tuple[int, int, int] | None:
    return None if year is None or month is None or day is None else (year, month, day)


def _written(rest: str) -> tuple[int, int, int] | None:
    """55年1月2日."""
    parts = _between(rest, *ENDS)
    return _whole(_year(parts[0]), _number(parts[1]), _number(parts[2])) if parts else None


def _apart(rest: str, *, needed: bool) -> tuple[int, int, int] | None:
    """55.1.2 or .55.1.2, always with the same sign; ``needed``: also before the year."""
    sign = next((one for one in rest if one in SIGNS), "")
    parts = rest.split(sign) if sign else []
    if len(parts) == 4 and not parts[0]:
        parts = parts[1:]
    elif needed:
        return None
    if len(parts) != 3:
        return None
    year, month, day = (part.strip(" ") for part in parts)
    first = 1 if year == FIRST and not needed else _figures(year)
    return _whole(first, _figures(month), _figures(day))


def _packed(rest: str, size: int) -> tuple[int, int, int] | None:
    """A year of so many digits, two of the month, two of the day."""
    if len(rest) != size + 4 or not (rest.isascii() and rest.isdigit()):
        return None
    return int(rest[:size]), int(rest[size:-2]), int(rest[-2:])


def _western(text: str) -> tuple[int, int, int] | None:
    """西暦1980年1月2日, also without the word."""
    parts = _between(text.removeprefix(WESTERN), *ENDS)
    if not parts or len(parts[0]) != 4 or not (parts[0].isascii() and parts[0].isdigit()):
        return None
    return _whole(int(parts[0]), _number(parts[1]), _number(parts[2]))


def _western_signs(text: str) -> tuple[int, int, int] | None:
    """1980-01-02, also with the first moment of the day behind it."""
    day, time = text, ""
    if ":" in text:
        cut = max(text.rfind(" "), text.rfind("T"))
        day, time = text[: max(cut, 0)], text[cut + 1 :]
    sign = day[4:5]
    parts = day.split(sign) if sign and sign in SIGNS else []
    if len(parts) != 3 or len(parts[0]) != 4 or not (parts[0].isascii() and parts[0].isdigit()):
        return None
    if time and not _midnight(time.split(":")):
        return None
    return _whole(int(parts[0]), _figures(parts[1].lstrip(" ")), _figures(parts[2].lstrip(" ")))


def _midnight(parts: list[str]) -> bool:
    """00:00, 00:00:00, 0:00:00.000."""
    if not 2 <= len(parts) <= 3 or parts[0] not in ("0", "00") or parts[1] != "00":
        return False
    seconds, point, rest = parts[2].partition(".") if len(parts) == 3 else ("00", "", "")
    return seconds == "00" and (not point or (rest != "" and not rest.strip("0")))
