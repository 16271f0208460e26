"""Which field holds a name, its reading or an address, decided from what the field is called.

Owns the preset files under ``mappings/presets/``: header aliases of known CSV layouts, and the rules for
any other field name, Japanese or romanised. Decides roles only; it never decides how bytes are read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any

from gaiji.disk.datafiles import mappings_dir
from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import LayoutError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model.pattern import Pattern
from gaiji.model.plain import dataclass

ROLES = ("name", "kana", "address", "other")
RULES = "roles"
MAX_NAME = 256

_TESTS = ("is", "contains", "ends", "words", "last", "starts")
_SEPARATOR = Pattern(r"[\s_\-‐－・･.,、，/()（）〔〕\[\]［］【】「」『』:：]+")


@dataclass(frozen=True)
class Rule:
    """One rule of ``roles.toml``: a name that meets any of its tests has this role."""

    role: str
    tests: Mapping[str, frozenset[str]]

    def fits(self, whole: str, words: list[str]) -> bool:
        """``whole`` is the name without separators, ``words`` its parts, both normalised."""
        tests = self.tests
        bare = whole.rstrip("0123456789")
        return (
            whole in tests["is"]
            or any(part in whole for part in tests["contains"])
            or any(bare.endswith(part) for part in tests["ends"])
            or any(whole.startswith(part) for part in tests["starts"])
            or any(word in tests["words"] for word in words)
            or (bool(words) and words[-1] in tests["last"])
        )


@dataclass(frozen=True)
class Preset:
    """Header names of one CSV layout: ``items`` maps a normalised name or alias to (item, role)."""

    name: str
    title: str
    items: Mapping[str, tuple[str, str]]
    drift: tuple[tuple[str, str], ...] = field(default=())

    def role(self, header: str) -> str | None:
        """The role of a header of this layout; None when the layout does not know it."""
        found = self.items.get(_drifted(header, self.drift))
        return found[1] if found else None

    def item(self, header: str) -> str | None:
        """The layout's own name of a header that is spelled differently; None when it is unknown."""
        found = self.items.get(_drifted(header, self.drift))
        return found[0] if found else None


def normalise(name: str) -> str:
    """A field name without what drifts between editions: width, case, spaces, ``_``, dots, brackets."""
    return "".join(_SEPARATOR.split(unicodedata.normalize("NFKC", name[:MAX_NAME]))).upper()


def name_words(name: str) -> list[str]:
    """The parts of a field name between separators, normalised, without trailing digits."""
    parts = _SEPARATOR.split(unicodedata.normalize("NFKC", name[:MAX_NAME]).upper())
    return [bare for part in parts if (bare := part.rstrip("0123456789"))]


def find_role(name: str) -> str | None:
    """The role that ``roles.toml`` gives a field name, by the first rule that fits; None when none does."""
    whole, words = normalise(name), name_words(name)
    return next((rule.role for rule in _rules() if rule.fits(whole, words)), None)


def preset_names() -> list[str]:
    """The CSV layouts that ``load_preset`` knows."""
    return sorted(path.stem for path in _folder().glob("*.toml") if path.stem != RULES)


def load_preset(name: str) -> Preset:
    """A preset by name; LayoutError names the nearest one when there is none."""
    known = preset_names()
    if name not in known:
        raise LayoutError(
            fault("E0180", "there is no header preset {name!r}", name=name[:40]), next=nearest(name, known)
        )
    return _load(name)


@cache
def _load(name: str) -> Preset:
    path = _folder() / f"{name}.toml"
    data = _read(path)
    spellings = data.get("drift", {}).items()
    drift = tuple((normalise(old), normalise(new)) for new, olds in spellings for old in olds)
    items: dict[str, tuple[str, str]] = {}
    for item in data.get("item", []):
        role = _checked_role(item.get("role", ""), path)
        for spelling in (item["name"], *item.get("aliases", ())):
            key = _drifted(spelling, drift)
            if items.setdefault(key, (item["name"], role))[1] != role:
                raise LayoutError(
                    fault("E0181", "gives {spelling!r} two roles", spelling=spelling),
                    path=path,
                    next=tr("keep it in one [[item]]"),
                )
    return Preset(name, data.get("title", name), items, drift)


@cache
def _rules() -> tuple[Rule, ...]:
    path = _folder() / f"{RULES}.toml"
    rules = []
    for table in _read(path).get("rule", []):
        unknown = set(table) - {"role", "why", *_TESTS}
        if unknown:
            raise LayoutError(
                fault("E0182", "has the unknown key {unknown!r}", unknown=min(unknown)),
                path=path,
                next=tr("use {tests}", tests=", ".join(_TESTS)),
            )
        tests = {test: frozenset(normalise(text) for text in table.get(test, ())) for test in _TESTS}
        rules.append(Rule(_checked_role(table.get("role", ""), path), tests))
    return tuple(rules)


def _drifted(name: str, drift: tuple[tuple[str, str], ...]) -> str:
    """The normalised name with every spelling in ``drift`` written one way."""
    whole = normalise(name)
    for old, new in drift:
        whole = whole.replace(old, new)
    return whole


def _checked_role(role: str, path: Path) -> str:
    if role not in ROLES:
        raise LayoutError(
            fault("E0183", "has the role {role!r}", role=role),
            path=path,
            next=tr("use one of: {roles}", roles=", ".join(ROLES)),
        )
    return role


def _folder() -> Path:
    return mappings_dir() / "presets"


def _read(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(path.read_bytes())
    except (OSError, NotToml) as error:
        raise LayoutError(
            fault("E0184", "cannot be read: {error}", error=error), path=path, next=tr("install gaiji again")
        ) from error
