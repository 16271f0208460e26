"""How a glyph outside the target finds its character: the policy, and the TOML file that a town signs.

Owns the keys of ``[shrink]`` and what they may say. What a policy does is in ``gaiji.shrinking.shrinker``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.shrinking.evidence import CLASSES, DEFAULT_EVIDENCE

_CHOICES = {
    "ties": ("nearest", "review"),
    "hentaigana": ("kana", "review"),
    "readings": ("common", "any"),
    "fallback": ("geta", "reading", "keep"),
}


@dataclass(frozen=True)
class Policy:
    """How a glyph outside the target finds its character.

    ``evidence``: groups of ``CLASSES`` in order; the first group with a candidate decides. ``hops``: the most
    hops of a 戸籍統一文字 link (0: any). ``ties``: ``nearest`` keeps a group's candidates of the lowest 順位
    or hop count, ``review`` all of them. ``readings``: ``common`` takes what is merely related (``analogy``,
    ``dictionary``) only when glyph and substitute have a reading in common. ``hentaigana``: ``kana`` takes
    the kana of a 変体仮名 that has one only. ``fallback``: what is written for a finding: 〓, the glyph's
    only reading, or its own character. ``replacements``: TSV files (``glyph``, ``text``) that go before the
    map: a 代替マップ for GJ, a town's own rules. ``characters``: the file of the target ``list``.
    ``path``: the file that the policy is from.
    """

    to: str = "jisx0213"
    evidence: tuple[tuple[str, ...], ...] = DEFAULT_EVIDENCE
    hops: int = 0
    ties: str = "nearest"
    readings: str = "common"
    hentaigana: str = "kana"
    fallback: str = "geta"
    characters: str = ""
    replacements: tuple[str, ...] = ()
    path: str = field(default="", compare=False)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it is read from."""
        return tuple(name for name in (self.path, self.characters, *self.replacements) if name)

    def __post_init__(self) -> None:
        for key, values in _CHOICES.items():
            if getattr(self, key) not in values:
                raise UsageError(
                    fault(
                        "E0313",
                        "shrink {key} cannot be {given!r}",
                        key=key,
                        given=str(getattr(self, key))[:40],
                    ),
                    next=tr("use {values}", values=tr(" or ").join(values)),
                )
        for name in (name for group in self.evidence for name in group):
            if name not in CLASSES:
                raise UsageError(
                    fault("E0314", "there is no evidence {name!r}", name=name[:40]),
                    next=tr("use {classes}", classes=", ".join(CLASSES)),
                )
        if self.hops < 0:
            raise UsageError(
                fault("E0315", "shrink hops is negative"), next=tr("write 0 for any number of hops")
            )


def load_policy(path: str | Path, **overrides: Any) -> Policy:
    """The policy of a TOML file's ``[shrink]`` table; files in it are relative to it. UsageError names the
    wrong key.
    """
    path = Path(path)
    try:
        table = parse_toml(path.read_bytes()).get("shrink")
    except (OSError, NotToml) as error:
        raise UsageError(
            fault("E0071", "cannot be read as TOML: {error}", error=error),
            where=str(path),
            next=tr("check the file"),
        ) from error
    if not isinstance(table, dict):
        raise UsageError(
            fault("E0316", "has no table [shrink]"), where=str(path), next=tr("see docs/shrink.md")
        )
    known = {f.name: type(f.default) for f in fields(Policy) if f.name != "path"}
    for key, value in table.items():
        if key not in known:
            raise UsageError(
                fault("E0317", "has no key {key!r}", key=key[:40]),
                where=str(path),
                next=tr("keys are {known}", known=", ".join(known)),
            )
        if not isinstance(value, list if known[key] is tuple else known[key]) or isinstance(value, bool):
            raise UsageError(
                fault("E0318", "key {key} has a wrong type", key=key),
                where=str(path),
                next=tr("see docs/shrink.md"),
            )
    if "evidence" in table:
        table["evidence"] = tuple(
            (group,) if isinstance(group, str) else tuple(group) for group in table["evidence"]
        )
    if table.get("characters"):
        table["characters"] = str(path.parent / table["characters"])
    table["replacements"] = tuple(str(path.parent / name) for name in table.get("replacements", ()))
    return Policy(**(table | overrides), path=str(path))
