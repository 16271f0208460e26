"""Who is kept off letters, lists and addresses: people that fields of the source mark, as a job says.

Owns the section ``[people]`` of a job: which fields are a resident's name, reading and address on paper,
which values mark people under 支援措置, the deceased and those who moved away, and where each is kept off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gaiji.errors import JobError, nearest
from gaiji.errors.messages import fault, mark, tr
from gaiji.model import Field
from gaiji.run.job import Job

GROUPS = {"protected": mark("支援措置"), "deceased": mark("死亡"), "moved": mark("転出")}
"""Who is marked, in the words of the lists."""
LETTERS, LISTS, ADDRESSES = "letters", "lists", "addresses"
_NOTHING = r"^[0０\s\u3000\-./*]*$"
"""What a field holds that marks nobody, where the job names no values: blanks and zeros."""


@dataclass(frozen=True)
class People:
    """What a job says of its people. ``marks``: group → field → values (none: anything but blanks and
    zeros); ``off``: group → where it is kept off; ``said``: somebody said who is under 支援措置, if only
    that nobody is."""

    name: tuple[str, ...]
    kana: tuple[str, ...]
    address: tuple[str, ...]
    marks: Mapping[str, Mapping[str, tuple[str, ...]]]
    off: Mapping[str, frozenset[str]]
    said: bool

    @property
    def fields(self) -> set[str]:
        """Every field that is read for people."""
        marking = {field for marks in self.marks.values() for field in marks}
        return {*self.name, *self.kana, *self.address, *marking}

    def marked(self, columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
        """Group → whether each row is marked as of it; a group that no column marks is left out."""
        out: dict[str, pl.Series] = {}
        for group, marks in self.marks.items():
            for field, values in marks.items():
                if field in columns:
                    found = _is_marked(columns[field], values)
                    out[group] = out[group] | found if group in out else found
        return out

    def kept_off(self, groups: Sequence[str], where: str) -> bool:
        """Whether somebody of these groups is kept off letters, lists or addresses."""
        return any(where in self.off[group] for group in groups)


def _is_marked(column: pl.Series, values: Sequence[str]) -> pl.Series:
    text = column.str.normalize("NFKC").str.strip_chars()
    if not values:
        return ~text.str.contains(_NOTHING)
    return text.is_in([value.strip() for value in values])


def people_of(job: Job, fields: Sequence[Field], every: Sequence[str], called: Sequence[str] = ()) -> People:
    """The people of a job's records with these fields. ``every``: the names of the fields of all its types of
    record; ``called``: those that are a name, where the job does not say. JobError for a field that no record
    has."""
    said = job.people
    names = [spec.name for spec in fields]
    marks = {group: _marks(job, group) for group in GROUPS}
    asked = [(f"people.{group}", field) for group, some in marks.items() for field in some]
    asked += [(f"people.{part}", field) for part in ("name", "kana", "address") for field in said[part]]
    for key, field in asked:
        if field not in every:
            raise JobError(
                fault("E0841", "names {field!r}, which is no field", field=field[:60]),
                path=job.path,
                key=key,
                next=nearest(field, every),
            )
    here = {part: tuple(name for name in said[part] if name in names) for part in ("name", "kana", "address")}
    by_role = {
        role: [spec.name for spec in fields if spec.role == role] for role in ("name", "kana", "address")
    }
    return People(
        here["name"] or tuple(called) or tuple(by_role["name"][:1]),
        here["kana"] or tuple(by_role["kana"][:1]),
        here["address"] or tuple(by_role["address"]),
        {group: {f: v for f, v in some.items() if f in names} for group, some in marks.items()},
        {group: frozenset(said[f"{group}_off"]) for group in GROUPS},
        "people.protected" in job.said,
    )


def _marks(job: Job, group: str) -> dict[str, tuple[str, ...]]:
    """The fields that mark a group, with their values. JobError for values that are no texts."""
    out = {}
    for field, values in job.people[group].items():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise JobError(
                fault("E0842", "{field!r} needs a list of values", field=field[:60]),
                path=job.path,
                key=f"people.{group}",
                next=tr('write "{field}" = ["1"], or [] for anything but blanks and zeros', field=field[:60]),
            )
        out[field] = tuple(values)
    return out
