"""What a dump looks like: guesses about format, charset and layout, for a person to confirm.

Owns the guessing, which decides nothing: what it finds stands as a comment beside an empty key. How usual
text of names is made is ``gaiji.run.plausible``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gaiji.codes.spec import load_spec
from gaiji.disk.packing import Input, packing, unpacked_name
from gaiji.errors import GaijiError
from gaiji.layout.layout import load_layout
from gaiji.run.plausible import CLEAR, CODECS, FAMILIES, SAME, rival, usual

HEAD = 256 * 1024
"""Bytes of a dump that are looked at."""
PIECES = 400
"""Runs of double bytes that are read in each charset."""
ENOUGH = 40
"""Bytes of double bytes that there must be for a guess."""
NOT_TRIED = ("fujitsu-jef", "hitachi-keis83", "ibm-300", "unicode-le", "unicode-be")
"""Charsets of double bytes alone, and those that a mark at the start tells."""
CHARSETS = tuple(
    dict.fromkeys(
        ("fujitsu-jef-ebcdik", "hitachi-keis83-ebcdik", "nec-jips-e-ebcdik", "nec-jips-j-jis8", *FAMILIES)
    )
)
LAYOUTS = (".cpy", ".cob", ".cbl", ".copy", ".toml")
MARKS = {b"\xef\xbb\xbf": "unicode-utf8", b"\xff\xfe": "unicode-le", b"\xfe\xff": "unicode-be"}


@dataclass(frozen=True, slots=True)
class Guess:
    """What a file looks like; "" where nothing is clear. ``charsets``: those that fit equally well, with the
    share of usual characters; ``layouts``: paths whose records fit its size, best first."""

    format: str
    why: str = ""
    charsets: tuple[str, ...] = ()
    share: float = 0.0
    layouts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A layout file that was found: bytes of a record, 0 where its records vary or nobody can tell."""

    path: Path
    length: int


def guess(path: Path, layouts: Sequence[Described]) -> Guess:
    """What a dump looks like by its first bytes and its size; OSError where it cannot be read."""
    file = Input(str(path))
    try:
        head = file.read(HEAD)
    finally:
        file.close()
    size = 0 if packing(path) else path.stat().st_size
    shape, why = _format(path, head, whole=size <= HEAD)
    names, share = charsets_of(head)
    fit = tuple(str(one.path) for one in _fitting(path, size, shape, layouts))
    return Guess(shape, why, names, share, () if shape == "csv" else fit)


def describe(path: Path) -> Described | None:
    """A layout file and the length of its records; None where it is none."""
    try:
        return Described(path, load_layout(path, depending="max").record_length or 0)
    except GaijiError:
        return Described(path, 0) if path.suffix.lower() != ".toml" else None


def _fitting(path: Path, size: int, shape: str, layouts: Sequence[Described]) -> Iterator[Described]:
    """Layouts that a file may have: those called like it first, then those whose length fits its size."""
    stem = unpacked_name(path).stem.casefold()
    alike = [one for one in layouts if one.path.stem.casefold() in stem or stem in one.path.stem.casefold()]
    yield from alike
    if shape == "fixed" and size:
        yield from (one for one in layouts if one.length and size % one.length == 0 and one not in alike)


def _format(path: Path, head: bytes, *, whole: bool) -> tuple[str, str]:
    """How records lie in a file, and why that is thought."""
    if unpacked_name(path).suffix.lower() in (".csv", ".tsv"):
        return "csv", "its suffix"
    records = _described_records(head, whole)
    if records:
        return "vb", f"each record begins with its length; {records} seen"
    lines = head.split(b"\n")[: -1 if not whole else None]
    lines = [line for line in lines if line]
    if len(lines) > 2 and b"\0" not in head:
        lengths = {len(line.removesuffix(b"\r")) for line in lines}
        if len(lengths) == 1 or max(lengths) < 4096:
            return "lines", f"{len(lines)} lines seen of {min(lengths)} to {max(lengths)} bytes"
    return "fixed", "no lengths and no lines were seen"


def _described_records(head: bytes, whole: bool) -> int:
    """How many records with a descriptor (RDW) follow one another from the start; 0 where they do not."""
    at = count = 0
    while at + 4 <= len(head):
        length = int.from_bytes(head[at : at + 2], "big")
        if length < 5 or head[at + 2 : at + 4] != b"\0\0":
            return 0
        at, count = at + length, count + 1
    return count if count > 2 and (not whole or at == len(head)) else 0


def charsets_of(head: bytes) -> tuple[tuple[str, ...], float]:
    """The charsets in which a dump's double bytes are usual characters of names, those that fit equally
    well together, and the share of such characters; none where nothing is clear."""
    marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), "")
    if marked:
        return (marked,), 1.0
    found = {
        name: share for name in CHARSETS if name not in NOT_TRIED and (share := _share(name, head)) >= CLEAR
    }
    best = max(found.values(), default=0.0)
    return tuple(name for name, share in found.items() if best - share <= SAME), best


def _share(name: str, head: bytes) -> float:
    """The share of usual characters where a dump is read in a charset; 0 where there is too little to say."""
    if name in CODECS:
        texts = [
            "".join(c for c in head.decode(CODECS[name], "replace") if c > "\x7f" and not "｡" <= c <= "ﾟ")
        ]
        return usual("name", texts) if len(texts[0]) * 2 >= ENOUGH else 0.0
    spec = load_spec(name)
    if not spec.shift_in:
        return 0.0
    shifts = [b"|".join(map(re.escape, some)) for some in (spec.shift_in, spec.shift_out)]
    runs = re.finditer(b"(?:" + shifts[0] + b")((?s:.{2,200}?))(?:" + shifts[1] + b")", head)
    pieces = [found[1] for found in runs if len(found[1]) % 2 == 0][:PIECES]
    if sum(map(len, pieces)) < ENOUGH:
        return 0.0
    charset = rival(name)
    return usual("name", [charset.decode_text(p, type="dbcs", role="other", errors="geta") for p in pieces])
