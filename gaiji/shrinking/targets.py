"""The sets of characters that other systems can hold: JIS X 0213, JIS X 0208, CP932, or a list of one's own.

Owns what ``in target`` means. Which character takes the place of one that is not in it is in
``gaiji.shrinking.shrinker``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr

_CP932_EXTENSIONS = frozenset({0x87, 0xED, 0xEE, 0xFA, 0xFB, 0xFC})
"""Lead bytes of NEC's special characters, NEC's selection of the IBM extensions, and the IBM extensions."""


class Target:
    """Which characters a system can hold: ``unit in target`` for one character, with its combining mark where
    it has one.
    """

    def __init__(self, name: str, holds: Callable[[str], bool]) -> None:
        self.name = name
        self._holds = cache(holds)

    def __contains__(self, unit: object) -> bool:
        return isinstance(unit, str) and self._holds(unit)

    def __repr__(self) -> str:
        return f"<Target {self.name}>"


def _codec(name: str) -> Callable[[str], bool]:
    """Characters that a codec of Python writes and reads back as they were."""

    def holds(unit: str) -> bool:
        try:
            return unit.encode(name).decode(name) == unit
        except UnicodeError:
            return False

    return holds


_sjis2004 = _codec("shift_jis_2004")
_cp932 = _codec("cp932")


def _bmp(unit: str) -> bool:
    return _sjis2004(unit) and all(ord(c) <= 0xFFFF for c in unit)


def _plain_cp932(unit: str) -> bool:
    return _cp932(unit) and unit.encode("cp932")[0] not in _CP932_EXTENSIONS


def _private(holds: Callable[[str], bool]) -> Callable[[str], bool]:
    """Without the private use area: a 外字 means nothing in another system."""
    return lambda unit: not any(0xE000 <= ord(c) < 0xF900 or ord(c) >= 0xF0000 for c in unit) and holds(unit)


_TARGETS: dict[str, Callable[[str], bool]] = {
    "jisx0213": _sjis2004,
    "jisx0213-bmp": _bmp,
    "jisx0208": _codec("iso2022_jp"),
    "cp932": _cp932,
    "cp932-standard": _plain_cp932,
}
NAMES = (*_TARGETS, "list")
"""``jisx0213`` and ``-bmp`` (nothing above U+FFFF) are the characters of Shift_JIS-2004, which are those of
JIS X 0213:2012 and JIS X 0201; ``jisx0208`` those of ISO-2022-JP; ``cp932`` with the NEC and IBM extensions,
``cp932-standard`` without."""


def load_target(name: str, *, characters: str | Path = "") -> Target:
    """The target of that name; ``list`` needs ``characters``, a UTF-8 file of all characters that are
    allowed.

    A line of the file holds characters, or code points as ``U+4E00`` or ``U+4E00-U+9FFF``; ``#`` starts a
    comment. UsageError for an unknown name, a missing file or a line that cannot be read.
    """
    if name == "list":
        allowed = _read_list(Path(characters)) if characters else None
        if allowed is None:
            raise UsageError(
                fault("E0326", "the target list has no file of characters"),
                next=tr("give [shrink] characters = FILE"),
            )
        return Target(name, lambda unit: all(c in allowed for c in unit))
    if name not in _TARGETS:
        raise UsageError(
            fault("E0327", "there is no target {name!r}", name=name[:40]),
            next=tr("use one of {names}", names=", ".join(NAMES)),
        )
    return Target(name, _private(_TARGETS[name]))


def _read_list(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise UsageError(
            fault("E0328", "cannot be read as UTF-8 text"),
            where=str(path),
            next=tr("check the path and its encoding"),
        ) from error
    allowed: set[str] = set()
    for number, line in enumerate(lines, 1):
        line = line.partition("#")[0].strip() if line[:1] != "#" or len(line) > 1 else line
        first, dash, last = line.partition("-")
        if first.startswith("U+"):
            try:
                low = int(first[2:], 16)
                allowed |= {
                    chr(code) for code in range(low, (int(last.strip()[2:], 16) if dash else low) + 1)
                }
            except (ValueError, OverflowError) as error:
                raise UsageError(
                    fault("E0329", "is no code point"),
                    where=f"{path}:{number}",
                    next=tr("write U+4E00 or U+4E00-U+9FFF"),
                ) from error
        else:
            allowed |= set(line)
    return frozenset(allowed)
