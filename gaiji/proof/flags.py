"""What each flagged unit must stand as in the output, by the job's policies.

Owns the texts of the policies, written anew: they share nothing with what decoding writes.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from functools import cached_property

from gaiji.codes.charset import Charset
from gaiji.codes.code import JOINED, code_of, tag_digits
from gaiji.codes.program import CONTROLS, LOST
from gaiji.kernel import compare
from gaiji.model import Reason
from gaiji.standard.codepoints import unpack


class FlagTexts:
    """The texts of flagged units, for one charset and the policies of one job."""

    def __init__(self, charset: Charset, policy: Mapping[Reason, str], form: str) -> None:
        self.charset = charset
        self.policy = policy
        self.form = form
        self._texts: dict[int, bytes] = {}

    def of(self, units: set[int]) -> compare.Flags:
        """What each flagged unit must stand as, by the job's policies."""
        size = 4
        while size < 2 * len(units) + 2:
            size *= 2
        keys, at, lengths = array("q", [-1]) * size, array("q", bytes(8 * size)), array("q", bytes(8 * size))
        blob = bytearray()
        for unit in units:
            text = self._flag_text(unit)
            i = (unit * 40503) & (size - 1)
            while keys[i] != -1:
                i = (i + 1) & (size - 1)
            keys[i], at[i], lengths[i] = unit, len(blob), len(text)
            blob += text
        return compare.Flags(keys, at, lengths, bytes(blob) + b"\0")

    def _flag_text(self, unit: int) -> bytes:
        """The replacement that the policy names for a unit (``value_of`` its code, and its reason << 28)."""
        if unit not in self._texts:
            (code, size), reason = code_of(unit), Reason(unit >> 28)
            how = self.policy[reason]
            text = "〓"
            if how == "tag":
                text = f"{{{self.charset.system}:{tag_digits(self.charset.kind.form, code, size)}}}"
            elif how in ("keep", "pua"):
                text = self._stored.get(self._key(code, size), "") or self._itself(code, size, reason) or "〓"
                text = text if reason is not Reason.BROKEN_SHIFT and len(text.encode()) <= 8 else "〓"
                text = text if reason is not Reason.ILLEGAL or CONTROLS.isdisjoint(text) else "〓"
            self._texts[unit] = text.encode()
        return self._texts[unit]

    def _key(self, code: int, size: int) -> tuple[int, int]:
        """A code point has no size of its own; a sequence of Unicode has."""
        return (0 if self.charset.kind.unicode and size != JOINED else size), code

    def _itself(self, code: int, size: int, reason: Reason) -> str:
        """Unicode: what is private, or lacks in the standard, may stay as it is."""
        if not self.charset.kind.unicode or reason not in (Reason.NOT_IN_STANDARD, Reason.UNMAPPED_GAIJI):
            return ""
        return unpack(code) if size == JOINED else chr(code)

    @cached_property
    def _stored(self) -> dict[tuple[int, int], str]:
        """(size, code) → the text that a table still has for a code whose decoding is a finding."""
        unicode_kind = self.charset.kind.unicode
        recipe = self.charset.recipe
        stored: dict[tuple[int, int], str] = {(0, ord(mark)): mark for mark in LOST} if unicode_kind else {}
        for area in recipe.ranges:
            start = dict(area.pua).get(recipe.pua)
            if start is not None:
                stored |= {
                    (0 if unicode_kind else area.size, code): chr(start + i)
                    for i, code in enumerate(area.codes())
                }
        for unit in self.charset.units(self.form):
            stored[self._key(unit.code, unit.size)] = unit.text
        return stored
