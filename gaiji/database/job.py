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
from gaiji.errors.messages import fault, tr
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
_TARGET: dict[str, Any] = {
    "mode": "table",
    "url": "",
    "table": "",
    "schema": "",
    "form": "needed",
    "glyph_columns": False,
}
MODES = ("table", "columns")
"""A new table, or new columns of the source's own."""
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

    @property
    def glyphs(self) -> str:
        """The name of the column of its glyphs' names."""
        return f"{self.to}_glyphs"

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
    mode: str = "table"
    glyph_columns: bool = False

    @property
    def glyphs(self) -> tuple[DbColumn, ...]:
        """The columns beside which a column has the names of their glyphs."""
        return tuple(column for column in self.columns if column.role == "name" and self.glyph_columns)

    @property
    def made(self) -> tuple[str, ...]:
        """The columns that a run makes, in order."""
        return (*(column.to for column in self.columns), *(column.glyphs for column in self.glyphs))

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

    @property
    def proof_path(self) -> Path:
        """What ``db verify`` found, beside the job file."""
        return self.path.with_suffix(".verify.json")


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
    source = _section(data, "source", _SOURCE, path)
    target = _target(_section(data, "target", _TARGET, path), path)
    columns = tuple(_column(item, path) for item in data.get("column", []))
    _check_chunk(source["chunk"], path)
    form = _form(target["form"], path)
    review = section("review", {**data.get("review", {}), "key": keys[0]}, str(path))
    policy_of = policies(
        section("policy", data.get("policy", {}), str(path)), one_source=review["one-source"]
    )
    _check_policies(policy_of, path)
    source_url = _url(source["url"], path, "source.url")
    own = target["mode"] == "columns"
    shown = {k: v for k, v in data.items() if k != "source"} | {
        "source": {k: source[k] for k in ("table", "key")}
    }
    job = DbJob(
        path,
        source_url,
        source["table"],
        keys,
        source["chunk"],
        columns,
        _url(target["url"], path, "target.url") if target["url"] else source_url,
        source["table"] if own else target["table"],
        form,
        policy_of,
        review,
        hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest(),
        source["gaiji_set"],
        source["schema"],
        source["schema"] if own else target["schema"],
        target["mode"],
        target["glyph_columns"],
    )
    _check_names(job)
    return job


def _form(form: Any, path: Path) -> str:
    """The output form, which has no table here."""
    legal = str(section("target", {"form": form}, str(path))["form"])
    if legal == "pua":
        raise JobError(
            fault("E0670", "cannot be pua in a database"),
            path=path,
            key="target.form",
            next=tr("use needed, always, never or adobe-japan1"),
        )
    return legal


def _target(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """[target], with a table where the run makes one, and none where it adds columns to the source."""
    if values["mode"] not in MODES:
        raise JobError(
            fault("E0641", "is neither of {modes}", modes=", ".join(MODES)),
            path=path,
            key="target.mode",
            next=tr("see docs/databases.md"),
        )
    if values["mode"] == "table" and not values["table"]:
        raise JobError(
            fault("E0079", "is missing"), path=path, key="target.table", next=tr("see docs/databases.md")
        )
    for key in ("url", "table", "schema"):
        if values["mode"] == "columns" and values[key]:
            raise JobError(
                fault("E0642", "is the source's when columns are added to it"),
                path=path,
                key=f"target.{key}",
                next=tr('leave it out, or write mode = "table"'),
            )
    return values


def _check_names(job: DbJob) -> None:
    """No two columns have one name, as databases compare names: whatever the case."""
    names = [name.casefold() for name in (*job.keys, *job.made)]
    if not job.columns or len(set(names)) != len(names):
        raise JobError(
            fault("E0073", "are missing, or two have one name"),
            path=job.path,
            key="column",
            next=tr("write [[column]] with its own `to`"),
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
        if not isinstance(value, wanted) or isinstance(value, bool) is not (wanted is bool):
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
