"""Which fields of a file tell a resident: a number that means them, their name, what else is known.

Owns the choice of fields by the project file. How they are read is ``people``'s, who is whom ``identity``'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gaiji.errors import JobError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model import Field
from gaiji.review.evidence.learn import pairs_of
from gaiji.run.plan import Plan
from gaiji.town.project import Town, TownFile

KEY, SECOND, OWN = "key", "second", "own"
"""What a number means: one resident in every system, the same by another numbering, one of its own system."""
MORE = ("kana", "birth", "sex", "address")
"""What else tells people, where systems have no number in common."""
OCCURRENCE = re.compile(r"(?:-\d+)+$")
"""What stands behind the name of a field in a table."""


@dataclass(frozen=True, slots=True)
class Told:
    """One resident that a record can hold. ``number``: the field that tells them, of this ``kind``;
    ``called``: the fields of the name; ``other``: the field of their second number beside the first;
    ``more``: ``MORE`` → field; ``there``: fields that are empty where the record holds no such resident;
    ``at``: which of the residents of a record it is (``-2``), "" where it holds one."""

    kind: str
    number: str
    called: tuple[str, ...]
    other: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    there: tuple[str, ...] = ()
    at: str = ""

    @property
    def fields(self) -> set[str]:
        """All that must be read."""
        named = {self.number, *self.called, *self.more.values(), *self.there}
        return named | ({self.other} if self.other else set())


def says_who(town: Town) -> bool:
    """Whether a project file says who is who at all."""
    said = town.identity.get("key") or town.identity.get("second") or town.identity.get("match")
    return bool(said) or any(file.person for file in town.files)


def check_says_who(town: Town) -> None:
    """JobError where it does not."""
    if not says_who(town):
        raise JobError(
            fault("E0768", "does not say which field tells a resident"),
            path=town.path,
            key="identity.key",
            next=tr('write [identity] and key = "宛名番号"'),
        )


def numbers_of(town: Town, file: TownFile) -> list[tuple[str, str]]:
    """(kind, field) that may tell the residents of a file, in the order in which they are looked for. A
    file's own word is a number of all systems, but where the town has none such at all and matches."""
    key, second, match = (town.identity.get(name) for name in (KEY, SECOND, "match"))
    if file.person:
        return [(OWN if match and not key else KEY, file.person)]
    own = file.here.review["key"] if match else ""
    return [(kind, name) for kind, name in ((KEY, key), (SECOND, second), (OWN, own)) if name]


def told_by(town: Town, plan: Plan, file: TownFile) -> list[Told]:
    """The residents that a record of a plan can hold; none where no field tells them. JobError for a field
    that the file is said to have and has not."""
    names = [spec.name for spec in plan.fields]
    _check_there(file, plan, names)
    kind, number = next(((k, n) for k, n in numbers_of(town, file) if _any(names, n)), ("", ""))
    called = list(file.called) or next(iter(pairs_of(plan.fields).values()), [])
    if not number or not called or not all(_any(names, one) for one in called):
        return []
    more = _more(town, plan.fields) if town.identity.get("match") else {}
    second = str(town.identity.get("second") or "")
    other = second if kind == KEY and second != number and _any(names, second) else ""
    return list(_each(kind, number, called, other, more, names))


def _each(
    kind: str, number: str, called: Sequence[str], other: str, more: Mapping[str, str], names: Sequence[str]
) -> list[Told]:
    """One where fields stand once, one for each place of a table where they stand in one."""
    if number in names and all(one in names for one in called):
        here = {role: name for role, name in more.items() if name in names}
        return [Told(kind, number, tuple(called), other if other in names else "", here)]
    if number in names and kind != OWN:
        return []
    inside = number if number not in names else next(one for one in called if one not in names)
    out = []
    for at in (name.removeprefix(inside) for name in names if _is(name, inside)):

        def seen(name: str, at: str = at) -> str:
            return name if name in names else name + at

        here = {role: seen(name) for role, name in more.items() if seen(name) in names}
        beside = seen(other) if other and seen(other) in names else ""
        occurs = tuple(seen(one) for one in called if one not in names)
        named = tuple(seen(one) for one in called)
        if all(one in names for one in named):
            out.append(Told(kind, seen(number), named, beside, here, occurs, at if number in names else ""))
    return out


def _more(town: Town, fields: Sequence[Field]) -> dict[str, str]:
    """What else is known of the residents: by the names that the project file has, else by the fields' roles
    (the first that is no part of a table goes for all)."""
    out = {}
    for role in MORE:
        given = list(town.identity.get(role) or ())
        names = [spec.name for spec in fields]
        found = next((one for one in given if _any(names, one)), "")
        if not found and not given:
            found = next((spec.name for spec in fields if spec.role == role), "")
            found = OCCURRENCE.sub("", found)
        if found:
            out[role] = found
    return out


def _check_there(file: TownFile, plan: Plan, names: Sequence[str]) -> None:
    for wanted in (*([file.person] if file.person else []), *file.called):
        if not _any(names, wanted) and len(plan.each) == 1:
            raise JobError(
                fault("E0769", "has no field {field!r}", field=wanted),
                path=file.label,
                key="system.file.person" if wanted == file.person else "system.file.called",
                next=nearest(wanted, names),
            )


def _is(name: str, wanted: str) -> bool:
    """Whether a field is the one that is wanted, or an occurrence of it in a table."""
    return name == wanted or (
        name.startswith(f"{wanted}-") and name[len(wanted) + 1 :].replace("-", "").isdigit()
    )


def _any(names: Sequence[str], wanted: str) -> bool:
    return any(_is(name, wanted) for name in names)
