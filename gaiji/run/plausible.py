"""Whether the first records look like names: a wrong charset, or double bytes without shifts, give rubbish.

Owns what text of names, addresses and kana is usually made of, and how the same bytes read otherwise. Changes
nothing and decides nothing: what it finds is a doubt, told on the screen and in the manifest.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache, partial

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.spec import load_spec
from gaiji.columns.decode import TEXTS
from gaiji.model import Field
from gaiji.model.plain import dataclass
from gaiji.records.batch import Batch
from gaiji.records.reader import Reader
from gaiji.records.shape import Shaper
from gaiji.run.plan import Plan
from gaiji.run.reading import Reading
from gaiji.standard.codepoints import SELECTORS

ROLES = ("name", "kana", "address")
"""The fields that are looked at: of others nobody knows what they hold."""
VALUES = 200
"""Values of a field that are looked at, of the first records."""
HEAD = 128 * 1024
"""Bytes of the input that they are taken from."""
FEWEST = 20
"""Characters that there must be."""
USUAL = 0.96
"""Share of usual characters from which on a field is what it should be."""
CLEAR = 0.8
"""Share that another reading has at the least where it is named."""
BETTER = 0.05
"""By how much it must be better."""
CLEAN = 0.95
"""Share of kana or of Latin letters that a text of nothing else has."""
SAME = 0.01
"""What readings may differ by and still be as good as each other."""
SURE = 0.985
"""Share from which on no other reading is tried."""
FAMILIES = (
    *("fujitsu-jef-ebcdik", "hitachi-keis83-ebcdik", "ibm-930", "windows-31j", "eucjp-ms", "nec-jips-j"),
    *("nec-jips-e-ebcdik", "ibm-939", "unisys-letsj", "unicode-utf8", "unicode-le", "unicode-be"),
    *("fujitsu-jef", "hitachi-keis83", "ibm-300", "fujitsu-jef-jis8", "nec-jips-e", "nec-jips-j-jis8"),
)
"""A charset of each family, the usual ones first, those of double bytes alone and the rare ones last."""
CODECS = {
    "windows-31j": "cp932",
    "eucjp-ms": "euc_jp",
    "unicode-utf8": "utf-8",
    "unicode-le": "utf-16-le",
    "unicode-be": "utf-16-be",
}
SLACK = 0.1
"""By how much Python's codecs may know fewer characters."""
DOUBLE = 'type = "dbcs"'
"""The reading of a field as double bytes without shifts, as the job says it."""
MOST = 3
"""Readings that are named together."""
NEUTRAL = frozenset(" \u3000-‐－−ｰー.．,，'’()（）&＆・･/／0123456789０１２３４５６７８９").union(
    map(chr, SELECTORS)
)
"""What stands in fields of every kind and in every charset, or only chooses a glyph: it speaks for none."""
CONTROL = frozenset(range(0x20))
"""Bytes that no code of a charset without shifts has in it."""


@dataclass(frozen=True)
class Doubt:
    """A field that reads like something else: ``share`` of its characters are usual as it is read now,
    ``better`` as ``looks_like`` says (charsets, or ``type = "dbcs"``)."""

    field: str
    role: str
    charset: str
    share: float
    looks_like: tuple[str, ...]
    better: float


def doubts_of(plan: Plan) -> list[dict[str, object]]:
    """The doubts about the fields of a plan, by the first records of an input that can be read again."""
    path = plan.job.file(plan.job.source["path"])
    if not os.path.isfile(path):
        return []
    reader = Reader(path, plan.framing, quarantine=True, batch=HEAD)
    shaper = Shaper(plan.shape) if plan.shape is not None else None
    first = next(iter(Reading(reader, plan.header, shaper=shaper)), None)
    out = []
    for part in plan.each:
        own = first
        if first is not None and part.number >= 0:
            own = first.sorted.parts[part.number] if first.sorted else None
        if own is not None and own.rows:
            out += [asdict(doubt) for doubt in _part(part, _some(own))]
    return out


def _some(batch: Batch) -> Batch:
    """The first rows of a batch."""
    rows = min(batch.rows, VALUES)
    starts, ends = ([edges[:rows] for edges in both] for both in (batch.starts, batch.ends))
    return Batch(batch.src, starts, ends, rows, batch.file_offset, batch.first)


def _part(plan: Plan, batch: Batch) -> Iterable[Doubt]:
    """The doubts about the fields of one record type."""
    decoder, states = plan.decoder, bytearray(batch.rows)
    for spec in plan.fields:
        if spec.type not in TEXTS or (spec.role not in ROLES and not decoder.carry):
            continue
        column, _, _ = decoder.decode(batch, spec, states)
        edges = column.offsets
        texts = [
            bytes(column.data[edges[row] : edges[row + 1]]).decode("utf-8", "replace")
            for row in range(batch.rows)
        ]
        share = usual(spec.role, texts) if spec.role in ROLES else 1.0
        if share < USUAL and not (spec.role != "kana" and readable(texts)):  # other charsets are loaded then
            yield from _looks_like(plan, batch, spec, share)


def _looks_like(plan: Plan, batch: Batch, spec: Field, share: float) -> Iterable[Doubt]:
    """How else a field that looks wrong may be meant: the doubt about it, where that is clear."""
    charset = plan.decoder.charset_of(spec)
    starts, ends, offset, length = plan.decoder.place(batch, spec)
    raws = [
        bytes(batch.src[min(a + offset, b) : b if length < 0 else min(a + offset + length, b)])
        for a, b in zip(starts, ends, strict=True)
    ]
    found = {DOUBLE: as_double(charset, spec.role, raws)} if spec.type == "mixed" else {}
    if found.get(DOUBLE, 0.0) < CLEAR:
        found |= shares(spec, raws, others_of(charset.name), near(charset.name))
    names, best = better(share, found)
    if names:
        name = plan.qualified(spec.name)
        yield Doubt(name, spec.role, charset.name, round(share, 3), names[:MOST], round(best, 3))


def better(share: float, found: Mapping[str, float]) -> tuple[tuple[str, ...], float]:
    """The readings that are clearly better than one with that share of usual characters, best first, and the
    share of the best; none where the field is what it should be, or nothing is clear."""
    best = max(found.values(), default=0.0)
    if share >= USUAL or best < CLEAR or best - share < BETTER:
        return (), best
    names = [name for name, other in found.items() if best - other <= SAME]
    return tuple(sorted(names, key=lambda name: -found[name])), best


def as_double(charset: Charset, role: str, raws: Sequence[bytes]) -> float:
    """The share of usual characters where values are double bytes without shifts."""
    if not charset.kind.typed:
        return 0.0
    pairs = [raw[: len(raw) // 2 * 2] for raw in map(_bare, raws)]
    read = partial(charset.decode_text, type="dbcs", role="other", errors="geta")
    return usual(role, map(read, pairs))


def _bare(raw: bytes) -> bytes:
    """A value without the blanks around it, as single bytes have them."""
    return raw.strip(b"\x40\x20\0")


def near(own: str) -> str:
    """The charset that has the same double bytes and, in single ones, kana where the own one has small
    letters, or the other way round; "" where there is none."""
    pairs = {"ibm-930": "ibm-939", "ibm-939": "ibm-930", "ibm-1390": "ibm-1399", "ibm-1399": "ibm-1390"}
    stems = {"fujitsu-jef": "ebcdik", "nec-jips-e": "ebcdik", "nec-jips-j": "jis8"}
    stems |= {f"hitachi-keis{edition}": "ebcdik" for edition in (78, 83, 90)}
    found = next((f"{stem}-{kana}" for stem, kana in stems.items() if own.startswith(stem)), "")
    return pairs.get(own, found if found != own else "")


def others_of(own: str) -> list[str]:
    """The charsets that bytes are tried in: what is nearest, then one of each family, whose members have the
    same everyday kanji."""
    return [name for name in dict.fromkeys((near(own), *FAMILIES)) if name and name != own]


def shares(spec: Field, raws: Sequence[bytes], names: Iterable[str], always: str = "") -> dict[str, float]:
    """The share of usual characters of the values in each of the charsets that is worth it, or is to be tried
    ``always``, up to one that is beyond doubt."""
    out: dict[str, float] = {}
    for name in names:
        if max(out.values(), default=0.0) >= SURE:
            break
        if name != always and not worth(name, spec.role, raws):
            continue
        charset = rival(name)
        typed = spec.type if charset.kind.typed else ""
        read = partial(charset.decode_text, type=typed, role="other", errors="geta")
        out[name] = usual(spec.role, map(read, raws))
    return out


@lru_cache(maxsize=8)
def rival(name: str) -> Charset:
    """A charset that fields are tried in one after the other."""
    return load_charset(name)


def worth(name: str, role: str, raws: Sequence[bytes]) -> bool:
    """Whether a charset is worth loading: Python's codec of its kind makes something like names of them,
    or most have its shifts in them, or no control byte where it has no shifts."""
    if name in CODECS:
        texts = [raw.decode(CODECS[name], "replace") for raw in raws]
        return usual(role, texts) >= CLEAR - SLACK
    filled = [raw for raw in raws if raw.strip(b"\x40\x20\0")]
    shifts = load_spec(name).shift_in
    if shifts:
        return 2 * sum(any(shift in raw for shift in shifts) for raw in filled) >= len(filled)
    return 2 * sum(CONTROL.isdisjoint(raw.strip(b"\0")) for raw in filled) >= len(filled)


def usual(role: str, texts: Iterable[str]) -> float:
    """The share of characters that fields of a role are usually made of; 1 where there are too few to say."""
    known = _kana if role == "kana" else everyday
    chars = {char: count for char, count in Counter("".join(texts)).items() if char not in NEUTRAL}
    every = sum(chars.values())
    return sum(chars[char] for char in chars if known(char)) / every if every >= FEWEST else 1.0


def readable(texts: Iterable[str]) -> bool:
    """Whether texts are kana throughout, or Latin letters with capitals: fields of names have those too."""
    chars = [char for text in texts for char in text if char not in NEUTRAL]
    capitals, small = (sum(map(is_one, chars)) for is_one in (_capital, _small))
    latin = capitals + small >= CLEAN * len(chars) and capitals * 20 >= small
    return latin or sum(map(_kana, chars)) >= CLEAN * len(chars)


def _capital(char: str) -> bool:
    return "A" <= char <= "Z"


def _small(char: str) -> bool:
    return "a" <= char <= "z"


@lru_cache(maxsize=16_384)
def everyday(char: str) -> bool:
    """Full-width letters, kana, capitals, and kanji of the first level of JIS X 0208 (rows 16 to 47)."""
    if char <= "\x7f":
        return "A" <= char <= "Z"
    try:
        code = char.encode("euc_jp")
    except UnicodeEncodeError:
        return False
    return code[0] in (0xA3, 0xA4, 0xA5) or 0xB0 <= code[0] <= 0xCF or char in "々〆〇"


def _kana(char: str) -> bool:
    """Kana of either width, and capitals, which foreigners' names have there."""
    return "ぁ" <= char <= "ヿ" or "ｦ" <= char <= "ﾟ" or "A" <= char <= "Z" or "Ａ" <= char <= "Ｚ"
