"""Marks that an earlier migration left where it lost a character of a name.

Owns ``mappings/lost.tsv`` at run time and how its marks are looked for in the text of a field. The signs that
the kernel flags wherever they stand in a name are ``gaiji.codes.program.LOST``; of the others it notes where
one may begin.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gaiji.codes.program import LOST
from gaiji.disk.datafiles import mappings_dir
from gaiji.model.pattern import Pattern
from gaiji.model.plain import dataclass

FOREIGN = r"[\p{Katakana}\p{Latin}ーｰﾞﾟ゛゜'’.．]"
"""What stands on both sides of a sign that parts a foreigner's name."""


@dataclass(frozen=True)
class Marks:
    """What to look for in names. ``starts``: what a mark may begin with; ``pattern``: all marks."""

    starts: frozenset[str]
    pattern: Pattern

    def found(self, text: str) -> Iterator[int]:
        """Where marks begin in a text of a name field, as indices of its characters."""
        return (found.start() for found in self.pattern.finditer(text))


@lru_cache(maxsize=8)
def load_marks(more: Sequence[str] = ()) -> Marks:
    """The marks of the list and ``more`` of them (a tuple of texts)."""
    starts, patterns = set[str](), []
    with (mappings_dir() / "lost.tsv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            begins = set(row["mark"]) - LOST
            starts |= begins
            if begins:
                patterns.append(_pattern(row["mark"], row["pattern"], row["right"]))
    starts |= {text[0] for text in more} - LOST
    patterns = [*(re.escape(text) for text in sorted(more, key=len, reverse=True)), *patterns]
    return Marks(frozenset(starts), Pattern("|".join(patterns)))


def _pattern(mark: str, pattern: str, right: str) -> str:
    """The expression for a row: its own, or the sign itself, but for where it is right."""
    one = pattern or re.escape(mark)
    if right != "foreign":
        return f"(?:{one})"
    return f"(?:(?<!{FOREIGN}){one}|{one}(?!{FOREIGN}))"
