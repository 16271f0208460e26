"""The review queue: one item for each code that a person must look at, in SQLite or PostgreSQL.

Owns connections, transactions and how a run's findings are added. A run's counts are kept for each source, so running
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
from gaiji.review.audit import append
from gaiji.review.schema import SCHEMA, audit, decision, item, meta, metadata, sample, usage


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
    basis: str = ""
    id: int = 0
    version: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes an item one: code system, code, site, reason."""
        return self.system, self.code, self.site, self.reason

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
            raise QueueError(f"has schema {found}, this gaiji writes {SCHEMA}", where=self._name(), next="use a new queue file")

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def add(self, source: str, items: Iterable[Item]) -> int:
        """Record a run's findings in one transaction; what this source had before is replaced.

        Returns how many of them still wait for a person. A decided item stays decided, unless its
        ``basis`` (its bitmap, or what the tables say of its code) is another than at the decision; then it
        is open again and the audit log says why. Counts of decided items that no longer occur are kept.
        """
        with self.writing() as connection:
            unsettled = sa.select(item.c.id).where(item.c.state.in_(("open", "proposed", "deferred")))
            for table in (usage, sample):
                connection.execute(table.delete().where((table.c.source == source) & table.c.item_id.in_(unsettled)))
            known = {(row.system, row.code, row.site, row.reason): row for row in connection.execute(sa.select(item)).all()}
            waiting = sum(self._add_one(connection, source, found, known.get(found.key)) for found in items)
            self._drop_unused(connection)
            return waiting

    def _add_one(self, connection: sa.Connection, source: str, found: Item, old: Any) -> bool:
        """Whether the item waits for a person."""
        state = "open"
        if old is None:
            result = connection.execute(item.insert().values(
                system=found.system, code=found.code, site=found.site, reason=found.reason,
                candidates=found.candidates, basis=found.basis, state=state, version=0,
            ))  # fmt: skip
            item_id = result.inserted_primary_key[0]  # type: ignore[index]
        else:
            item_id, state = old.id, old.state
            if old.basis != found.basis or old.candidates != found.candidates:
                state = self._basis_changed(connection, found, old)
            for table in (usage, sample):
                connection.execute(table.delete().where((table.c.source == source) & (table.c.item_id == item_id)))
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
        return state in ("open", "proposed", "deferred")

    def _basis_changed(self, connection: sa.Connection, found: Item, old: Any) -> str:
        values = {"basis": found.basis, "candidates": found.candidates}
        if old.state in ("confirmed", "rejected", "proposed"):
            connection.execute(decision.delete().where(decision.c.item_id == old.id))
            connection.execute(item.update().where(item.c.id == old.id).values(state="open", version=old.version + 1, **values))
            why = "the 外字's picture or what the tables say of its code is another than at the decision"
            append(connection, "gaiji", "reopen", old.id, {"note": why, "state": "open"})
            return "open"
        connection.execute(item.update().where(item.c.id == old.id).values(**values))
        return str(old.state)

    def _drop_unused(self, connection: sa.Connection) -> None:
        """Open items that nobody touched and no source uses any more: a table settled them, or the input changed."""
        used, logged = sa.select(usage.c.item_id), sa.select(audit.c.item_id)
        connection.execute(item.delete().where(
            item.c.id.not_in(used) & (item.c.state == "open") & item.c.id.not_in(logged)
        ))  # fmt: skip

    def items(self) -> Iterator[Item]:
        """All items, the most used first."""
        total = sa.func.sum(usage.c.count)
        query = (
            sa.select(item, total.label("total"))
            .join(usage, usage.c.item_id == item.c.id, isouter=True)
            .group_by(item.c.id)
            .order_by(total.desc(), item.c.system, item.c.code, item.c.reason)
        )
        with self.reading() as connection:
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
            row["candidates"], row["state"], row["basis"], row["id"], row["version"],
        )  # fmt: skip

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction; on SQLite it takes the write lock at once, so that two writers never interleave."""
        try:
            with self.engine.begin() as connection:
                if self.engine.dialect.name == "sqlite":
                    connection.execute(sa.text("UPDATE meta SET value = value WHERE key = 'schema'"))
                else:
                    connection.execute(sa.select(meta).where(meta.c.key == "schema").with_for_update())
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise self._error(error) from error

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for look-ups."""
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
        raise QueueError(f"the review queue cannot be made: {error.strerror}", where=text, next="check [review] queue") from error
    return Queue(sa.URL.create("sqlite", database=str(path)).render_as_string())
