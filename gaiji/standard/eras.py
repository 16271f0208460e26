"""The eras of Japanese dates, as facts: names, letters, signs, and the days that belong to each.

Owns ``mappings/eras.tsv`` at run time, and nothing of how a date is read: who reads dates does that himself.
Days: the ``era`` lines of the locale ja_JP of glibc 2.36 (localedata/locales/ja_JP), which begin 明治 with
its sixth year, the first of the present calendar. Letters: JIS X 0301. Signs: Unicode's SQUARE ERA NAME.
"""

from __future__ import annotations

import csv
from functools import lru_cache

from gaiji.disk.datafiles import mappings_dir
from gaiji.model.plain import dataclass

ENDS = ("年", "月", "日")
"""What stands behind a year, a month and a day."""
FIRST = "元"
"""The first year of an era."""
WESTERN = "西暦"
"""What can stand before a Gregorian year."""
FIGURES, TEN = "〇一二三四五六七八九", "十"
"""The figures 0 to 9, and ten."""
OLDER = {"零": "〇", "壱": "一", "弐": "二", "参": "三", "拾": "十"}
"""Figures as deeds and registers write them, with those they are."""


@dataclass(frozen=True, slots=True)
class Era:
    """One era. ``year``: the Gregorian year of its first; ``first`` and ``last``: the days (ISO 8601) whose
    dates can be read by counting years, ``last`` "" while it lasts."""

    name: str
    letter: str
    sign: str
    year: int
    first: str
    last: str


@lru_cache(maxsize=1)
def load_eras() -> tuple[Era, ...]:
    """All eras that the file has, the oldest first."""
    with (mappings_dir() / "eras.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple(
        Era(row["era"], row["letter"], row["sign"], int(row["year"]), row["first"], row["last"])
        for row in rows
    )
