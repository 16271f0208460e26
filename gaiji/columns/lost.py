"""Marks of an earlier loss that are no single sign, or are right in some names: found in the text of a field.

Owns how the kernel's notes, of characters with which such a mark may begin, become findings. The unit stays
counted as mapped, and its text stays as it is: what was lost nobody can say. The marks themselves are
``gaiji.codes.lost``'s.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from gaiji.codes.charset import Charset
from gaiji.codes.code import JOINED
from gaiji.codes.lost import Marks
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.model import Column, Reason

Note = tuple[int, int, int, int, int]
"""Row, offset, position, code and bytes of a unit that the kernel noted."""


def lost_in(marks: Marks, charset: Charset, column: Column, findings: array[int]) -> array[int]:
    """The findings of marks in a name field, from the kernel's notes among its ``findings``."""
    import polars as pl

    from gaiji.kernel.arrow import int64_series

    flat = int64_series("f", findings)
    names = ("row", "offset", "position", "code", "size", "reason")
    every = {name: flat.gather_every(DECODE["FINDING"], at) for at, name in enumerate(names)}
    noted = pl.DataFrame(every).filter(pl.col("reason") == DECODE["GRADED"]).drop("reason")
    chars = {unit: _char(charset, *unit) for unit in noted.select("code", "size").unique().iter_rows()}
    begins = [code * 16 + size for (code, size), char in chars.items() if char in marks.starts]
    rows: dict[int, list[Note]] = defaultdict(list)
    for note in noted.filter((pl.col("code") * 16 + pl.col("size")).is_in(begins)).iter_rows():
        rows[note[0]].append(note)
    out = array("q")
    for row, notes in rows.items():
        text = bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode("utf-8", "replace")
        for note in _marked(marks, text, notes, [chars[note[3], note[4]] for note in notes]):
            out.extend((*note, Reason.ALREADY_LOST))
    return out


def begins_mark(marks: Marks, charset: Charset, code: int, size: int) -> bool:
    """Whether a mark may begin with a unit: a finding ``already-lost`` of it is one of ``lost_in``, not the
    kernel's, and its unit is counted as mapped."""
    return _char(charset, code, size) in marks.starts


def _char(charset: Charset, code: int, size: int) -> str:
    """The character that a noted unit is; "" for a base with its selector."""
    if charset.kind.unicode:
        return chr(code) if size != JOINED else ""
    entry = charset.entry_of(code, size)
    return entry.row.text if entry else ""


def _marked(marks: Marks, text: str, notes: Sequence[Note], chars: Sequence[str]) -> Iterator[Note]:
    """The notes with which a mark begins. Whatever is that character in the text was noted, in order; where a
    policy has written more of it, each note counts as soon as one is a mark."""
    found = set(marks.found(text))
    at = dict.fromkeys(chars, -1)
    doubtful = {char for char, many in Counter(chars).items() if text.count(char) != many}
    for note, char in zip(notes, chars, strict=True):
        at[char] = text.find(char, at[char] + 1)
        if at[char] in found or (char in doubtful and any(text[place] == char for place in found)):
            yield note
