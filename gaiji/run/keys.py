"""What a key of a job is, and the keys of ``[source]`` that say how records lie in the file.

Owns their defaults, legal values and words. The other keys stand in ``gaiji.run.job``; what these mean for
the bytes in ``gaiji.run.framing``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gaiji.records.batch import FORMATS, NEWLINES


@dataclass(frozen=True)
class Key:
    """One key of a section: its type, its default (None: required), its legal values, what it means."""

    type: Any
    default: Any
    what: str
    values: tuple[str, ...] = ()


FORMAT = Key(str, None, "how records lie in the file", FORMATS)
FRAMING = {
    "newline": Key(
        str,
        "none",
        "what ends a record, and nothing else does; none: nothing ends fixed records, LF or CR LF lines and "
        "CSV",
        tuple(NEWLINES),
    ),
    "blocked": Key(bool, False, "vb records lie in blocks with a BDW"),
    "rdw": Key(
        str,
        "standard",
        "what vb descriptors say: standard, or words joined by -: second or two (where the length is), "
        "little, exclusive",
    ),
    "bdw": Key(str, "", "what the descriptors of blocks say, where it is not what rdw says"),
    "spanned": Key(bool, False, "vb records may lie in segments, which are joined"),
    "delimiter": Key(str, ",", "one character between the cells of a CSV"),
    "quote": Key(str, '"', "the quote character of a CSV"),
    "header": Key(
        bool,
        True,
        "the first record of a CSV holds the column names; not said: an error where it looks like none",
    ),
    "skip": Key(int, 0, "lines of a CSV above its first record, such as titles"),
    "trailing": Key(bool, False, "a delimiter stands behind the last cell of a CSV's records"),
    "ragged": Key(bool, False, "records of a CSV may lack cells at their end, which are empty then"),
    "spaces": Key(
        str,
        "fail",
        "blanks before a quote in a CSV: passed over, or text like the quote",
        ("fail", "skip", "text"),
    ),
}
