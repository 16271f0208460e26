"""The job file of a database conversion: which table and columns, in which charsets, into which table.

Owns its keys and checks. What the [target], [review] and [policy] keys of a file job mean holds here too.
Connects to nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import JobError
from gaiji.messages import fault, tr
from gaiji.model import Field, Reason
from gaiji.run.decided import decisions_path, own_set
from gaiji.run.job import policies, queue_where, section

_SOURCE: dict[str, Any] = {
    "url": None,
    "table": None,
    "schema": "",
    "key": None,
    "chunk": 20_000,
    "gaiji_set": "",
}
_COLUMN: dict[str, Any] = {
    "name": None,
    "charset": None,
    "to": "",
    "type": "",
    "role": "name",
    "tables": [],
    "options": {},
    "trim": "right",
}
_TARGET: dict[str, Any] = {"url": "", "table": None, "schema": "", "form": "needed"}
ROLES = ("name", "kana", "address", "other")
TYPES = ("", "mixed", "dbcs", "sbcs")


@dataclass(frozen=True)
class DbColumn:
    """A column to convert: ``name`` in the source, ``to`` in the target; ``tables`` are absolute paths."""

    name: str
    to: str
    charset: str
    type: str
    role: str
    tables: tuple[str, ...]
    options: Mapping[str, str]
    trim: str

    def field(self, number: int) -> Field:
        """The column as a field of a batch with one pair of arrays for each column."""
        return Field(self.to, type=self.type or "mixed", role=self.role, column=number)


@dataclass(frozen=True)
class DbJob:
    """A validated job; ``form``, ``policy`` and ``review`` are as in a job for files."""

    path: Path
    source_url: str
    source_table: str
    keys: tuple[str, ...]
    chunk: int
    columns: tuple[DbColumn, ...]
    target_url: str
    target_table: str
    form: str
    policy: Mapping[Reason, str]
    review: Mapping[str, Any]
    digest: str
    gaiji_set: str = ""
    source_schema: str = ""
    target_schema: str = ""

    @property
    def key(self) -> str:
        """The key's columns in one text."""
        return ", ".join(self.keys)

    @property
    def queue_where(self) -> str | Path:
        """The review queue: a database URL or a path."""
        return queue_where(self.review, self.path.parent, self.path.parent, self.path)

    def decisions_path(self, system: str) -> Path:
        """The site table of decisions on a code system, used when it is there."""
        return decisions_path(self.owner, self.queue_where, self.path.parent, system)

    @property
    def owner(self) -> tuple[str, str]:
        """Whose the user-defined codes are: the site, and its 外字 set, "" for the site's own."""
        return self.review["site"], own_set(self.gaiji_set, self.review["site"])

    @property
    def manifest_path(self) -> Path:
        """Beside the job file."""
        return self.path.with_suffix(".manifest.json")


def load_db_job(path: str | Path) -> DbJob:
    """Read and check a job; JobError names the key. A URL ``env:NAME`` is taken from the environment."""
    path = Path(path)
    try:
        data = parse_toml(path.read_bytes())
    except (OSError, NotToml) as error:
        raise JobError(
            fault("E0389", "cannot be read as TOML: {error}", error=error),
            path=path,
            next=tr("check the file"),
        ) from error
    unknown = set(data) - {"source", "column", "target", "review", "policy"}
    if unknown:
        raise JobError(
            fault("E0072", "is no section"),
            path=path,
            key=min(unknown),
            next=tr("use source, column, target, review, policy"),
        )
    keys, data = _keys(data, path)
    source, target = (
        _section(data, name, known, path) for name, known in (("source", _SOURCE), ("target", _TARGET))
    )
    columns = tuple(_column(item, path) for item in data.get("column", []))
    names = [*keys, *(column.to for column in columns)]
    if not columns or len(set(names)) != len(names):
        raise JobError(
            fault("E0073", "are missing, or two have one name"),
            path=path,
            key="column",
            next=tr("write [[column]] with its own `to`"),
        )
    _check_chunk(source["chunk"], path)
    form = section("target", {"form": target["form"]}, str(path))["form"]
    review = section("review", {**data.get("review", {}), "key": keys[0]}, str(path))
    policy_of = policies(
        section("policy", data.get("policy", {}), str(path)), one_source=review["one-source"]
    )
    _check_policies(policy_of, path)
    source_url = _url(source["url"], path, "source.url")
    shown = {k: v for k, v in data.items() if k != "source"} | {
        "source": {k: source[k] for k in ("table", "key")}
    }
    return DbJob(
        path,
        source_url,
        source["table"],
        keys,
        source["chunk"],
        columns,
        _url(target["url"], path, "target.url") if target["url"] else source_url,
        target["table"],
        form,
        policy_of,
        review,
        hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest(),
        source["gaiji_set"],
        source["schema"],
        target["schema"],
    )


def _keys(data: dict[str, Any], path: Path) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The key's columns, and the job with them in one text, as its other keys are checked."""
    source = data.get("source")
    given = source.get("key") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(given, list):
        return (given if isinstance(given, str) else "",), data
    if not given or not all(isinstance(name, str) and name for name in given):
        raise JobError(
            fault("E0612", "is no list of columns"),
            path=path,
            key="source.key",
            next=tr('write key = "number", or key = ["city", "number"]'),
        )
    return tuple(given), data | {"source": source | {"key": ", ".join(given)}}


def _check_chunk(rows: int, path: Path) -> None:
    if rows < 1:
        raise JobError(
            fault("E0074", "is no number of rows"), path=path, key="source.chunk", next=tr("write 20000")
        )


def _check_policies(given: Mapping[Reason, str], path: Path) -> None:
    """A row of a table is never dropped."""
    for reason, policy in given.items():
        if policy == "drop-record":
            raise JobError(
                fault("E0075", "cannot be drop-record"),
                path=path,
                key=f"policy.{reason.label}",
                next=tr("choose another policy"),
            )


def _section(
    data: Mapping[str, Any], name: str, keys: Mapping[str, Any], path: Path, where: str = ""
) -> dict[str, Any]:
    given = data.get(name, {}) if not where else data
    where = where or name
    if not isinstance(given, dict):
        raise JobError(
            fault("E0076", "must be a table"), path=path, key=where, next=tr("write [{where}]", where=where)
        )
    for key, value in given.items():
        if key not in keys:
            raise JobError(
                fault("E0077", "is not a key"),
                path=path,
                key=f"{where}.{key}",
                next=tr("use one of {keys}", keys=", ".join(keys)),
            )
        wanted = type(keys[key]) if keys[key] is not None else str
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise JobError(
                fault("E0078", "must be a {kind}", kind=wanted.__name__),
                path=path,
                key=f"{where}.{key}",
                next=tr("see docs/databases.md"),
            )
    for key, default in keys.items():
        if default is None and not given.get(key):
            raise JobError(
                fault("E0079", "is missing"),
                path=path,
                key=f"{where}.{key}",
                next=tr("see docs/databases.md"),
            )
    return dict(keys) | given


def _column(item: Any, path: Path) -> DbColumn:
    values = _section(item, "column", _COLUMN, path, where="column")
    for key, legal in (("role", ROLES), ("type", TYPES), ("trim", ("right", "none"))):
        if values[key] not in legal:
            raise JobError(
                fault("E0080", "cannot be {values!r}", values=values[key][:40]),
                path=path,
                key=f"column.{key}",
                next=tr("use {legal}", legal=", ".join(legal[-4:])),
            )
    tables = tuple(str(path.parent / name) for name in values["tables"])
    return DbColumn(
        values["name"],
        values["to"] or values["name"],
        values["charset"],
        values["type"],
        values["role"],
        tables,
        values["options"],
        values["trim"],
    )


def _url(given: str, path: Path, key: str) -> str:
    if not given.startswith("env:"):
        return given
    found = os.environ.get(given[4:], "")
    if not found:
        raise JobError(
            fault("E0081", "names the variable {given!r}, which is not set", given=given[4:44]),
            path=path,
            key=key,
            next=tr("set it to a database URL"),
        )
    return found
