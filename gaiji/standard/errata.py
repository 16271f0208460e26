"""Glyphs of the MJ list that are known to be drawn unlike the 戸籍統一文字 they are numbered for.

Owns ``mappings/repertoire/errata.tsv``, which is kept by hand, each line with its source. Corrects
nothing: who
looks a glyph up, proposes it or compares pictures with it tells the person.
"""

from __future__ import annotations

import csv
from functools import lru_cache

from gaiji.disk.datafiles import mappings_dir


@lru_cache(maxsize=1)
def errata() -> dict[str, str]:
    """Glyph name → what is wrong with its drawing and who says so, in Japanese."""
    path = mappings_dir() / "repertoire" / "errata.tsv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["glyph"]: f"{row['note']}（{row['source']}）" for row in rows}


def erratum(glyph: str) -> str:
    """What is known to be wrong with a glyph's drawing, "" where nothing is."""
    return errata().get(glyph, "")
