"""The ``[[record]]`` tables of a job: which types of record its input holds, as they were asked for.

Owns the keys of a table and their checks. Reads no layout: what a rule means for the bytes of a record is
``gaiji.run.types``'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from gaiji.errors import JobError, nearest
from gaiji.errors.messages import Fault, fault, mark, tr
from gaiji.model.plain import dataclass
from gaiji.run.columns import ColumnRule, columns_of

WHEN = ("field", "equals", "offset", "bytes", "length", "first", "last")
KEYS: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), mark("what this type of record is called, in reports and by other types")),
    "when": (
        (dict,),
        mark("what its records are like: field and equals, offset and bytes, length, first, last"),
    ),
    "layout": ((str,), mark("a layout file, or the 01 level or REDEFINES item of the source's copybook")),
    "redefines": ((dict,), mark("copybook: which REDEFINES to read, item → chosen item")),
    "field": ((list,), mark("[[record.field]] tables where there is no layout")),
    "output": ((str,), mark("output file of this type (default: that of the job)")),
    "skip": ((bool,), mark("leave its records out; they are counted")),
    "parent": (
        (str,),
        mark("the type of the record that stands above it; its key is repeated in the output"),
    ),
    "key": ((str, list), mark("the fields that are repeated in the output of records below it")),
    "trailer": (
        (dict,),
        mark("field and counts: the field holds how many records of that type stand before it"),
    ),
    "rows": ((str,), mark("a table whose occurrences are written one a row")),
    "column": ((list,), mark("[[record.column]] tables, the columns of its output (see output.md)")),
    "items": ((str,), mark("the receiver's list of items that its columns are checked against")),
}


@dataclass(frozen=True)
class RecordRule:
    """One ``[[record]]`` table, checked on its own."""

    name: str
    when: Mapping[str, Any] = field(default_factory=dict)
    layout: str = ""
    redefines: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[Mapping[str, Any], ...] = ()
    output: str = ""
    skip: bool = False
    parent: str = ""
    key: tuple[str, ...] = ()
    trailer_field: str = ""
    counts: tuple[str, ...] = ()
    rows: str = ""
    columns: tuple[ColumnRule, ...] = ()
    items: str = ""


def rules_of(tables: Any, path: str) -> tuple[RecordRule, ...]:
    """The rules of a job's ``[[record]]`` tables; JobError names the key and the fix."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _error(
            fault("E0432", "must be [[record]] tables"),
            path,
            "record",
            tr("write [[record]] above each type"),
        )
    rules = tuple(_rule(table, number, path) for number, table in enumerate(tables, 1))
    names = [rule.name for rule in rules]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise _error(
            fault("E0174", "is described twice{first}", first=""),
            path,
            f"record.{twice}",
            tr("give each type its own name"),
        )
    for number, rule in enumerate(rules, 1):
        _check_rule(rule, names, path)
        if not rule.when and number < len(rules):
            raise _error(fault("E0259", "is missing"), path, f"record.{rule.name}.when", tr(KEYS["when"][1]))
    _check_parents(rules, path)
    return rules


def _rule(table: Mapping[str, Any], number: int, path: str) -> RecordRule:
    name = table.get("name")
    label = f"record.{name}" if isinstance(name, str) and name else f"record #{number}"
    for key, value in table.items():
        if key not in KEYS:
            raise _error(fault("E0258", "is not a key"), path, f"{label}.{key}", nearest(key, KEYS))
        kinds, what = KEYS[key]
        if not isinstance(value, kinds):
            shown = {str: tr("a string"), bool: tr("true or false"), dict: tr("a table"), list: tr("a list")}
            raise _error(
                fault("E0260", "must be {kind}", kind=shown[kinds[0]]), path, f"{label}.{key}", tr(what)
            )
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > 40:
        raise _error(
            fault("E0173", "has a name that is too long or holds control characters"),
            path,
            label,
            tr(KEYS["name"][1]),
        )
    key, trailer = table.get("key", []), table.get("trailer", {})
    counts = trailer.get("counts", [])
    counts = [counts] if isinstance(counts, str) else counts
    keys = [key] if isinstance(key, str) else key
    wrong = set(trailer) - {"field", "counts"} or (
        trailer and not (isinstance(trailer.get("field"), str) and counts)
    )
    if wrong or not isinstance(counts, list) or not all(isinstance(one, str) for one in [*counts, *keys]):
        at = "key" if not all(isinstance(one, str) for one in keys) else "trailer"
        raise _error(fault("E0435", "cannot be read"), path, f"{label}.{at}", tr(KEYS[at][1]))
    fields = table.get("field", [])
    if not all(isinstance(one, dict) for one in fields):
        raise _error(fault("E0256", "must be [[field]] tables"), path, f"{label}.field", tr(KEYS["field"][1]))
    given = {
        key: table[key]
        for key in ("when", "layout", "redefines", "output", "skip", "parent", "rows", "items")
        if key in table
    }
    return RecordRule(
        name,
        fields=tuple(fields),
        key=tuple(keys),
        trailer_field=trailer.get("field", ""),
        counts=tuple(counts),
        columns=columns_of(table.get("column", []), path, f"{label}.column"),
        **given,
    )


def _check_rule(rule: RecordRule, names: Sequence[str], path: str) -> None:
    """What one rule says together."""
    label = f"record.{rule.name}"
    for key in rule.when:
        if key not in WHEN:
            raise _error(fault("E0258", "is not a key"), path, f"{label}.when.{key}", nearest(key, WHEN))
    when, what = rule.when, tr(KEYS["when"][1])
    texts = "equals" in when and ("field" in when) != ("offset" in when) and "bytes" not in when
    hexes = "bytes" in when and "offset" in when and "field" not in when and "equals" not in when
    placed = {"field", "equals", "offset", "bytes"} & set(when)
    if placed and not (texts or hexes):
        raise _error(
            fault("E0436", "does not say a place and what stands there"), path, f"{label}.when", what
        )
    for key, kind in (("field", str), ("offset", int), ("length", int), ("first", bool), ("last", bool)):
        if key in when and (
            not isinstance(when[key], kind)
            or (kind is int and (isinstance(when[key], bool) or when[key] < 0))
        ):
            raise _error(fault("E0435", "cannot be read"), path, f"{label}.when.{key}", what)
    if any(key in when and not when[key] for key in ("first", "last")):
        raise _error(
            fault("E0435", "cannot be read"), path, f"{label}.when", tr("write true, or leave it out")
        )
    for key, others in (("parent", (rule.parent,)), ("trailer", rule.counts)):
        for other in others:
            if other and (other not in names or other == rule.name):
                raise _error(
                    fault("E0437", "names {other!r}, which is no other [[record]]", other=other[:40]),
                    path,
                    f"{label}.{key}",
                    nearest(other, [name for name in names if name != rule.name]),
                )


def _check_parents(rules: Sequence[RecordRule], path: str) -> None:
    """A parent has a key, and is nobody's own grandchild."""
    by_name = {rule.name: rule for rule in rules}
    for rule in rules:
        seen, at = {rule.name}, rule
        while at.parent:
            at = by_name[at.parent]
            if at.name in seen:
                raise _error(
                    fault("E0438", "stands below itself"),
                    path,
                    f"record.{rule.name}.parent",
                    tr("name the record above it"),
                )
            seen.add(at.name)
        if rule.parent and not by_name[rule.parent].key:
            raise _error(fault("E0259", "is missing"), path, f"record.{rule.parent}.key", tr(KEYS["key"][1]))


def _error(what: Fault, path: str, key: str, next: str) -> JobError:
    return JobError(what, path=path, key=key, next=next)
