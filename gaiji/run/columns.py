"""The ``[[output.column]]`` tables of a job: which columns its output has, as they were asked for.

Owns the keys of a table and their checks. Knows no field: what a rule means for the columns of a record is
``gaiji.run.recipes``'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from gaiji.errors import JobError, nearest
from gaiji.errors.messages import Fault, fault, mark, tr
from gaiji.model.plain import dataclass

KEYS: dict[str, tuple[Any, str]] = {
    "name": (str, mark("what the column is called in the output (default: as its field)")),
    "field": (str, mark("the field that it is made of (its glyph names: FIELD.glyphs)")),
    "constant": (str, mark("a text that stands in every record")),
    "join": (list, mark("the fields that are joined, in order; empty ones are left out")),
    "split": (str, mark("the separator at which the field's text is cut")),
    "separator": (str, mark('what stands between joined fields; "" where nothing does')),
    "part": (int, mark("which part of the cut text, from 1")),
    "of": (int, mark("how many parts there must be, none of them empty")),
    "more": (str, mark("text with more parts than that: a finding, or all of the rest in the last part")),
    "date": (str, mark("what calendar the field's dates are in; the output has days in ISO 8601")),
    "eras": (dict, mark("what else stands for an era in the field: text → 明治, 大正, 昭和, 平成 or 令和")),
    "beyond": (bool, mark("read days behind the end of an era by its years (平成35年)")),
    "special": (dict, mark("texts that are no day, such as 0000000 → what is written for them")),
    "iso": (str, mark("YYYY-MM-DD or YYYYMMDD")),
    "codes": (str, mark("a table of code values (.csv .tsv .parquet with columns old, new)")),
}
VALUES = {"more": ("finding", "last"), "date": ("wareki", "seireki", "either"), "iso": ("extended", "basic")}
SOURCES = ("field", "constant", "join")
NEEDS = {
    "separator": "join",
    "split": "field",
    "part": "split",
    "of": "split",
    "more": "split",
    "eras": "date",
    "beyond": "date",
    "special": "date",
    "iso": "date",
}
"""Keys that mean something beside another only."""
NAME = 80
"""Characters of a column's name."""


@dataclass(frozen=True)
class ColumnRule:
    """One ``[[output.column]]`` table, checked on its own. ``key``: where it stands, for errors."""

    key: str
    name: str
    fields: tuple[str, ...]
    constant: str = ""
    separator: str = ""
    part: int = 0
    of: int = 0
    more: bool = False
    date: str = ""
    eras: Mapping[str, str] = field(default_factory=dict)
    beyond: bool = False
    special: Mapping[str, str] = field(default_factory=dict)
    basic: bool = False
    codes: str = ""


def columns_of(tables: Any, path: str, at: str = "output.column") -> tuple[ColumnRule, ...]:
    """The rules of a job's ``[[output.column]]`` tables (``at``: those of a record type are
    ``[[record.column]]``); JobError names the key and the fix."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _error(
            fault("E0720", "must be [[{at}]] tables", at=at),
            path,
            at,
            tr("write [[{at}]] above each column", at=at),
        )
    rules = [_rule(table, f"{at} #{number}", path) for number, table in enumerate(tables, 1)]
    names: dict[str, int] = {}
    for number, rule in enumerate(rules, 1):
        if rule.name in names:
            raise _error(
                fault(
                    "E0721", "has the name {name!r}, as #{first}", name=rule.name[:40], first=names[rule.name]
                ),
                path,
                f"{at} #{number}",
                tr("give each column a name of its own"),
            )
        names[rule.name] = number
    return tuple(rules)


def _rule(table: Mapping[str, Any], label: str, path: str) -> ColumnRule:
    """One table, each key and all together."""
    for key, value in table.items():
        _check_key(key, value, label, path)
    given = [key for key in SOURCES if key in table]
    if len(given) != 1:
        raise _error(
            fault("E0722", "has {count} of field, join and constant", count=len(given)),
            path,
            label,
            tr("give one of them"),
        )
    for key, other in NEEDS.items():
        if key in table and other not in table:
            raise _error(
                fault("E0723", "means nothing without {other}", other=other),
                path,
                f"{label}.{key}",
                tr("write {other} too, or leave it out", other=other),
            )
    _check_split(table, label, path)
    if "join" in table and "separator" not in table:
        raise _error(fault("E0259", "is missing"), path, f"{label}.separator", tr(KEYS["separator"][1]))
    read = {"date", "codes"} & set(table)
    if len(read) > 1 or (read and "constant" in table):
        raise _error(
            fault("E0724", "has date and codes, or one of them beside a constant"),
            path,
            label,
            tr("make two columns, or leave one of the keys out"),
        )
    fields = [table["field"]] if "field" in table else table.get("join", [])
    name = table.get("name", table.get("field", ""))
    if not name.strip() or not name.isprintable() or len(name) > NAME:
        raise _error(
            fault("E0725", "has no name, or one that is too long or holds control characters"),
            path,
            label,
            tr(KEYS["name"][1]),
        )
    return ColumnRule(
        label,
        name,
        tuple(fields),
        constant=table.get("constant", ""),
        separator=table.get("separator", table.get("split", "")),
        part=table.get("part", 0),
        of=table.get("of", 0),
        more=table.get("more") == "last",
        date=table.get("date", ""),
        eras=table.get("eras", {}),
        beyond=table.get("beyond", False),
        special=table.get("special", {}),
        basic=table.get("iso") == "basic",
        codes=table.get("codes", ""),
    )


def _check_key(key: str, value: Any, label: str, path: str) -> None:
    """A key that there is, with a value of its kind."""
    if key not in KEYS:
        raise _error(fault("E0258", "is not a key"), path, f"{label}.{key}", nearest(key, KEYS))
    kind, what = KEYS[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        shown = {
            str: tr("a string"),
            int: tr("a whole number"),
            bool: tr("true or false"),
            list: tr("a list"),
            dict: tr("a table"),
        }
        raise _error(fault("E0260", "must be {kind}", kind=shown[kind]), path, f"{label}.{key}", tr(what))
    texts: list[Any] = [value] if kind is str else list(value) if kind is list else []
    texts = [*value, *value.values()] if kind is dict else texts
    if not all(isinstance(text, str) and "\0" not in text for text in texts):
        raise _error(fault("E0726", "must hold texts without NUL"), path, f"{label}.{key}", tr(what))
    if key in VALUES and value not in VALUES[key]:
        shown_value = fault("E0379", "cannot be {value!r}", value=value[:40])
        raise _error(shown_value, path, f"{label}.{key}", nearest(value, VALUES[key]))
    if key in ("field", "split", "codes", "join") and not (value and all(texts)):
        raise _error(fault("E0727", "is empty"), path, f"{label}.{key}", tr(what))


def _check_split(table: Mapping[str, Any], label: str, path: str) -> None:
    """Where a text is cut, into how many parts and which is meant are said."""
    if "split" not in table:
        return
    for key in ("part", "of"):
        if key not in table:
            raise _error(fault("E0259", "is missing"), path, f"{label}.{key}", tr(KEYS[key][1]))
    if not (2 <= table["of"] <= 100 and 1 <= table["part"] <= table["of"]):
        raise _error(
            fault("E0728", "is part {part} of {of}", part=table["part"], of=table["of"]),
            path,
            label,
            tr("there are 2 parts at least, 100 at most, and part is one of them"),
        )


def _error(what: Fault, path: str, key: str, next: str) -> JobError:
    return JobError(what, path=path, key=key, next=next)
