"""The review queue: one item for each code that a person must look at, in SQLite or PostgreSQL.

Owns the schema and how a run's findings are added. A run's counts are kept for each source, so running
the same input again replaces them: items never double. Knows nothing of decoding or of file formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gaiji.errors import QueueError

SCHEMA = "1"
metadata = sa.MetaData()
meta = sa.Table(
    "meta", metadata, sa.Column("key", sa.String(64), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)
item = sa.Table(
    "item", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("system", sa.String(32), nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("site", sa.String(128), nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("candidates", sa.Text, nullable=False, default=""),
    sa.Column("state", sa.String(16), nullable=False, default="open"),
    sa.UniqueConstraint("system", "code", "site", "reason"),
)  # fmt: skip
usage = sa.Table(
    "usage", metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("source", sa.String(512), primary_key=True),
    sa.Column("field", sa.String(256), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
)  # fmt: skip
sample = sa.Table(
    "sample", metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("source", sa.String(512), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("record_key", sa.String(256), nullable=False),
    sa.Column("field", sa.String(256), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One occurrence. ``text``: the field with the glyph between 【 and 】, as far as the context allows."""

    record: int
    record_key: str
    field: str
    position: int
    text: str


@dataclass
class Item:
    """A code to review, with how often each field of each source holds it."""

    system: str
    code: str
    site: str
    reason: str
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    candidates: str = ""
    state: str = "open"

    @property
    def total(self) -> int:
        """Occurrences in all fields."""
        return sum(self.counts.values())


class Queue:
    """An open queue; use ``open_queue``."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine = sa.create_engine(url)
            with self.engine.begin() as connection:
                metadata.create_all(connection)
                found = connection.execute(sa.select(meta.c.value).where(meta.c.key == "schema")).scalar()
                if found is None:
                    connection.execute(meta.insert().values(key="schema", value=SCHEMA))
        except sa.exc.SQLAlchemyError as error:
            raise self._error(error) from error
        if found not in (None, SCHEMA):
            raise QueueError(
                f"has schema {found}, this gaiji writes {SCHEMA}", where=self._name(), next="use a new queue file"
            )

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def add(self, source: str, items: Iterable[Item]) -> int:
        """Record a run's findings in one transaction; what this source had before is replaced."""
        try:
            with self.engine.begin() as connection:
                connection.execute(usage.delete().where(usage.c.source == source))
                connection.execute(sample.delete().where(sample.c.source == source))
                n = 0
                for found in items:
                    self._add_one(connection, source, found)
                    n += 1
                self._drop_unused(connection)
                return n
        except sa.exc.SQLAlchemyError as error:
            raise self._error(error) from error

    def _add_one(self, connection: sa.Connection, source: str, found: Item) -> None:
        key = (
            (item.c.system == found.system) & (item.c.code == found.code)
            & (item.c.site == found.site) & (item.c.reason == found.reason)
        )  # fmt: skip
        item_id = connection.execute(sa.select(item.c.id).where(key)).scalar()
        if item_id is None:
            result = connection.execute(item.insert().values(
                system=found.system, code=found.code, site=found.site, reason=found.reason,
                candidates=found.candidates, state="open",
            ))  # fmt: skip
            item_id = result.inserted_primary_key[0]  # type: ignore[index]
        connection.execute(usage.insert(), [
            {"item_id": item_id, "source": source, "field": name, "role": role, "count": count}
            for (name, role), count in found.counts.items()
        ])  # fmt: skip
        if found.samples:
            connection.execute(sample.insert(), [
                {
                    "item_id": item_id, "source": source, "number": number, "record": s.record,
                    "record_key": s.record_key, "field": s.field, "position": s.position, "text": s.text,
                }
                for number, s in enumerate(found.samples)
            ])  # fmt: skip

    def _drop_unused(self, connection: sa.Connection) -> None:
        """Open items that no source uses any more: they were settled by a table, or the input changed."""
        used = sa.select(usage.c.item_id)
        connection.execute(item.delete().where(item.c.id.not_in(used) & (item.c.state == "open")))

    def items(self) -> Iterator[Item]:
        """All items, the most used first."""
        total = sa.func.sum(usage.c.count)
        query = (
            sa.select(item, total.label("total"))
            .join(usage, usage.c.item_id == item.c.id, isouter=True)
            .group_by(item.c.id)
            .order_by(total.desc(), item.c.system, item.c.code, item.c.reason)
        )
        with self._reading() as connection:
            for row in connection.execute(query).mappings().all():
                yield self._item(connection, row)

    def _item(self, connection: sa.Connection, row: Any) -> Item:
        counts = connection.execute(
            sa.select(usage.c.field, usage.c.role, sa.func.sum(usage.c.count))
            .where(usage.c.item_id == row["id"]).group_by(usage.c.field, usage.c.role).order_by(usage.c.field)
        ).all()  # fmt: skip
        samples = connection.execute(
            sa.select(sample).where(sample.c.item_id == row["id"]).order_by(sample.c.source, sample.c.number)
        ).mappings()
        return Item(
            row["system"], row["code"], row["site"], row["reason"],
            {(name, role): int(count) for name, role, count in counts},
            [Sample(s["record"], s["record_key"], s["field"], s["position"], s["text"]) for s in samples],
            row["candidates"], row["state"],
        )  # fmt: skip

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise self._error(error) from error

    def _name(self) -> str:
        return sa.make_url(self.url).render_as_string(hide_password=True)

    def _error(self, error: Exception) -> QueueError:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        return QueueError(
            f"the review queue cannot be used: {cause}", where=self._name(),
            next="check [review] queue: its folder, its permissions, or that no other program holds it",
        )  # fmt: skip


def open_queue(where: str | Path) -> Queue:
    """A queue by file path (SQLite) or by database URL."""
    text = str(where)
    if "://" in text:
        return Queue(text)
    path = Path(text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QueueError(
            f"the review queue cannot be made: {error.strerror}", where=text, next="check [review] queue"
        ) from error
    return Queue(sa.URL.create("sqlite", database=str(path)).render_as_string())
