"""The review queue: one item for each code that a person must look at, in SQLite or PostgreSQL.

Owns connections, transactions and how a run's findings are added. A run's counts are kept for each source, so
running the same input again replaces them: items never double. Knows nothing of decoding or of file formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gaiji.errors import QueueError
from gaiji.messages import fault, tr
from gaiji.model import Picture
from gaiji.queue.audit import append
from gaiji.queue.items import Item, Proposal, Sample
from gaiji.queue.place import make_queue_file, queue_files
from gaiji.queue.schema import (
    SCHEMA,
    audit,
    decision,
    item,
    meta,
    metadata,
    own_transactions,
    picture,
    proposal,
    sample,
    usage,
)


class Queue:
    """An open queue; use ``open_queue``."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            waits = (
                {"timeout": 60} if url.startswith("sqlite") else {}
            )  # seconds for another clerk's write to end
            self.engine = sa.create_engine(url, connect_args=waits)
            if url.startswith("sqlite"):
                own_transactions(self.engine)
            with self.engine.begin() as connection:
                metadata.create_all(connection)
                found = connection.execute(sa.select(meta.c.value).where(meta.c.key == "schema")).scalar()
                if found is None:
                    connection.execute(meta.insert().values(key="schema", value=SCHEMA))
        except sa.exc.SQLAlchemyError as error:
            raise self._error(error) from error
        if found not in (None, SCHEMA):
            raise QueueError(
                fault("E0211", "has schema {found}, this gaiji writes {schema}", found=found, schema=SCHEMA),
                where=self.name,
                next=tr("use a new queue file"),
            )

    def sources(self) -> list[str]:
        """The inputs that findings came from, as their jobs name them."""
        with self.engine.connect() as connection:
            return [str(row.source) for row in connection.execute(sa.select(usage.c.source).distinct())]

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def add(self, source: str, items: Iterable[Item]) -> int:
        """Record a run's findings in one transaction; what this source had before is replaced.

        Returns how many of them still wait for a person. A decided item stays decided, unless its
        ``basis`` (its bitmap, or what the tables say of its code) is another than at the decision; then it
        is open again and the audit log says why. Counts of decided items that no longer occur are kept.
        Adding again what the queue has already leaves its bytes as they are.
        """
        items = list(items)
        with self.writing() as connection:
            known = {
                (row.system, row.code, row.site, row.reason): row
                for row in connection.execute(sa.select(item)).all()
            }
            if self._has_all(connection, source, items, known):
                return sum(known[found.key].state in UNSETTLED for found in items)
            unsettled = sa.select(item.c.id).where(item.c.state.in_(UNSETTLED))
            for table in (usage, sample):
                connection.execute(
                    table.delete().where((table.c.source == source) & table.c.item_id.in_(unsettled))
                )
            fresh = [found for found in items if found.key not in known]
            self._add_new(connection, source, fresh)
            waiting = len(fresh) + sum(
                self._add_again(connection, source, found, known[found.key])
                for found in items
                if found.key in known
            )
            self._drop_unused(connection)
            return waiting

    def _has_all(
        self, connection: sa.Connection, source: str, items: Sequence[Item], known: Mapping[Any, Any]
    ) -> bool:
        """Whether the source's findings stand in the queue just as they are given, and none beside them."""
        given = {}
        for new in items:
            old = known.get(new.key)
            if old is None or (old.basis, old.candidates) != (new.basis, new.candidates):
                return False
            given[old.id] = (_usages(new), _samples(new))
        there: dict[int, tuple[list[Any], list[Any]]] = {owner: ([], []) for owner in given}
        settled = {row.id for row in known.values() if row.state not in UNSETTLED}
        for number, (table, keys) in enumerate(((usage, _USAGE), (sample, _SAMPLE))):
            for row in connection.execute(sa.select(table).where(table.c.source == source)).mappings():
                if row["item_id"] in there:
                    there[row["item_id"]][number].append({key: row[key] for key in keys})
                elif row["item_id"] not in settled:
                    return False
        return all(
            _same(a, b, "field") and _same(c, d, "number")
            for (a, c), (b, d) in ((given[owner], there[owner]) for owner in given)
        )

    def _add_new(self, connection: sa.Connection, source: str, fresh: Sequence[Item]) -> None:
        """Items that the queue did not have, in a few statements however many they are."""
        if not fresh:
            return
        connection.execute(
            item.insert(),
            [
                {
                    "system": found.system,
                    "code": found.code,
                    "site": found.site,
                    "reason": found.reason,
                    "candidates": found.candidates,
                    "basis": found.basis,
                    "state": "open",
                    "version": 0,
                }
                for found in fresh
            ],
        )
        rows = connection.execute(
            sa.select(item.c.id, item.c.system, item.c.code, item.c.site, item.c.reason)
        ).all()
        ids = {tuple(row[1:]): row[0] for row in rows}
        for table, of in ((usage, _usages), (sample, _samples)):
            added = [
                {"item_id": ids[found.key], "source": source} | row for found in fresh for row in of(found)
            ]
            if added:
                connection.execute(table.insert(), added)

    def _add_again(self, connection: sa.Connection, source: str, found: Item, old: Any) -> bool:
        """What a source has of an item that the queue knows; whether the item waits for a person."""
        state = old.state
        if old.basis != found.basis or old.candidates != found.candidates:
            state = self._basis_changed(connection, found, old)
        for table, rows in ((usage, _usages(found)), (sample, _samples(found))):
            connection.execute(table.delete().where((table.c.source == source) & (table.c.item_id == old.id)))
            if rows:
                connection.execute(
                    table.insert(), [{"item_id": old.id, "source": source} | row for row in rows]
                )
        return state in UNSETTLED

    def _basis_changed(self, connection: sa.Connection, found: Item, old: Any) -> str:
        values = {"basis": found.basis, "candidates": found.candidates}
        connection.execute(item.update().where(item.c.id == old.id).values(**values))
        return self._reopen(
            connection, old, "what the tables say of its code is another than at the decision"
        )

    def _reopen(self, connection: sa.Connection, old: Any, why: str) -> str:
        """A settled item is open again, and the log says why; returns the new state."""
        if old.state not in ("confirmed", "rejected", "proposed"):
            return str(old.state)
        connection.execute(decision.delete().where(decision.c.item_id == old.id))
        connection.execute(
            item.update().where(item.c.id == old.id).values(state="open", version=old.version + 1)
        )
        append(connection, "gaiji", "reopen", old.id, {"note": why, "state": "open"})
        return "open"

    def add_pictures(
        self, system: str, site: str, pictures: Mapping[str, Sequence[Picture]]
    ) -> tuple[int, int]:
        """Give the items of a code system and site their 外字 pictures, by code; returns (items, reopened).

        An item decided with another picture than the one given now is open again; one that had none is not.
        """
        given = reopened = 0
        with self.writing() as connection:
            rows = connection.execute(
                sa.select(item).where((item.c.system == system) & (item.c.site == site))
            ).all()
            had = self._digests(connection)
            for old in rows:
                new = pictures.get(old.code, ())
                digests = [p.digest for p in new]
                before = had.get(old.id, [])
                given += bool(new)
                if not new or digests == before:
                    continue
                connection.execute(picture.delete().where(picture.c.item_id == old.id))
                connection.execute(item.update().where(item.c.id == old.id).values(verdict=""))
                connection.execute(
                    picture.insert(),
                    [
                        {
                            "item_id": old.id,
                            "number": n,
                            "width": p.width,
                            "height": p.height,
                            "digest": p.digest,
                            "ink": p.ink,
                        }
                        for n, p in enumerate(new)
                    ],
                )
                if before and old.state in ("confirmed", "rejected", "proposed"):
                    self._reopen(connection, old, "the picture of the 外字 is another than at the decision")
                    reopened += 1
        return given, reopened

    def _digests(self, connection: sa.Connection) -> dict[int, list[str]]:
        out: dict[int, list[str]] = {}
        query = sa.select(picture.c.item_id, picture.c.digest).order_by(picture.c.item_id, picture.c.number)
        for item_id, digest in connection.execute(query):
            out.setdefault(item_id, []).append(digest)
        return out

    def propose(self, source: str, proposals: Mapping[int, Sequence[Proposal]], items: Sequence[int]) -> None:
        """Keep a source's proposals (item id → glyphs, each once); what it proposed for ``items`` before is
        replaced.
        """
        rows = [
            {"item_id": item_id, "source": source, "glyph": p.glyph, "score": p.score, "reason": p.reason}
            for item_id, some in proposals.items()
            for p in some
        ]
        with self.writing() as connection:
            for start in range(0, len(items), 500):
                some = items[start : start + 500]
                connection.execute(
                    proposal.delete().where((proposal.c.source == source) & proposal.c.item_id.in_(some))
                )
            if rows:
                connection.execute(proposal.insert(), rows)

    def judge(self, verdicts: Mapping[int, str]) -> None:
        """Keep what the shapes of items say."""
        with self.writing() as connection:
            for item_id, verdict in verdicts.items():
                connection.execute(item.update().where(item.c.id == item_id).values(verdict=verdict))

    def pictured(self, ids: Sequence[int]) -> set[int]:
        """Those of the items that have a 外字 picture."""
        with self.reading() as connection:
            return set(
                connection.execute(sa.select(picture.c.item_id).where(picture.c.item_id.in_(ids))).scalars()
            )

    def pictures(self, ids: Sequence[int] | None = None) -> dict[int, list[Picture]]:
        """Item id → its 外字 pictures, of some items or of all."""
        query = (
            sa.select(picture)
            .where(_of(picture.c.item_id, ids))
            .order_by(picture.c.item_id, picture.c.number)
        )
        out: dict[int, list[Picture]] = {}
        with self.reading() as connection:
            for row in connection.execute(query):
                out.setdefault(row.item_id, []).append(Picture(row.width, row.height, bytes(row.ink)))
        return out

    def _drop_unused(self, connection: sa.Connection) -> None:
        """Open items that nobody touched and no source uses any more: a table settled them, or the input
        changed.
        """
        used, logged = sa.select(usage.c.item_id), sa.select(audit.c.item_id)
        gone = sa.select(item.c.id).where(
            item.c.id.not_in(used) & (item.c.state == "open") & item.c.id.not_in(logged)
        )
        for table in (picture, proposal, sample):
            connection.execute(table.delete().where(table.c.item_id.in_(gone)))
        connection.execute(item.delete().where(item.c.id.in_(gone)))

    def order(self, states: Sequence[str], also: int = 0, verdict: str = "") -> list[tuple[int, str]]:
        """(id, code) of the items in these states (and of item ``also``), those that concern the most people
        first.

        ``verdict`` limits them to those whose shape says that.
        """
        query = (
            sa.select(item.c.id, item.c.code)
            .join(usage, usage.c.item_id == item.c.id, isouter=True)
            .where(
                (item.c.state.in_(states) & ((item.c.verdict == verdict) if verdict else sa.true()))
                | (item.c.id == also)
            )
            .group_by(item.c.id)
            .order_by(*_BY_PEOPLE)
        )
        with self.reading() as connection:
            return [(row.id, row.code) for row in connection.execute(query)]

    def items(self, ids: Sequence[int] | None = None) -> Iterator[Item]:
        """All items (or those of ``ids``), those that concern the most people first."""
        query = (
            sa.select(item)
            .join(usage, usage.c.item_id == item.c.id, isouter=True)
            .where(_of(item.c.id, ids))
            .group_by(item.c.id)
            .order_by(*_BY_PEOPLE)
        )
        with self.reading() as connection:
            found = {row.id: self._item(row) for row in connection.execute(query)}
            counts = (
                sa.select(
                    usage.c.item_id,
                    usage.c.field,
                    usage.c.role,
                    sa.func.sum(usage.c.count),
                    sa.func.sum(usage.c.records),
                )
                .where(_of(usage.c.item_id, ids))
                .group_by(usage.c.item_id, usage.c.field, usage.c.role)
                .order_by(usage.c.field)
            )
            for owner, name, role, count, records in connection.execute(counts):
                found[owner].counts[name, role] = int(count)
                found[owner].records[name, role] = int(records)
            samples = (
                sa.select(sample).where(_of(sample.c.item_id, ids)).order_by(sample.c.source, sample.c.number)
            )
            for s in connection.execute(samples):
                found[s.item_id].samples.append(Sample(s.record, s.record_key, s.field, s.position, s.text))
        yield from found.values()

    def item(self, item_id: int) -> Item | None:
        """One item, None when there is none of that number."""
        return next(self.items([item_id]), None)

    def _item(self, row: Any) -> Item:
        return Item(
            row.system,
            row.code,
            row.site,
            row.reason,
            candidates=row.candidates,
            state=row.state,
            basis=row.basis,
            id=row.id,
            version=row.version,
            verdict=row.verdict,
        )

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction; on SQLite it takes the write lock at once, so that two writers never interleave."""
        try:
            with self.engine.connect().execution_options(gaiji_writes=True) as connection, connection.begin():
                if self.engine.dialect.name != "sqlite":
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

    @property
    def name(self) -> str:
        """The queue for messages: its file, or its URL without the password."""
        made = sa.make_url(self.url)
        return (
            str(made.database)
            if made.get_backend_name() == "sqlite"
            else made.render_as_string(hide_password=True)
        )

    @property
    def folder(self) -> Path:
        """Where files that go with it are written: beside a file, in the working folder for a database
        server.
        """
        made = sa.make_url(self.url)
        return Path(str(made.database)).parent if made.get_backend_name() == "sqlite" else Path()

    def _error(self, error: Exception) -> QueueError:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        return QueueError(
            fault("E0212", "the review queue cannot be used: {cause}", cause=cause),
            where=self.name,
            next=tr("check [review] queue: its folder, its permissions, or that no other program holds it"),
        )


_BY_PEOPLE = (
    sa.func.coalesce(sa.func.sum(usage.c.records), 0).desc(),
    item.c.system,
    item.c.code,
    item.c.reason,
    item.c.id,
)


UNSETTLED = ("open", "proposed", "deferred")
"""States of items that wait for a person."""
_USAGE = ("field", "role", "count", "records")
_SAMPLE = ("number", "record", "record_key", "field", "position", "text")


def _usages(found: Item) -> list[dict[str, Any]]:
    return [
        {"field": name, "role": role, "count": count, "records": found.records.get((name, role), count)}
        for (name, role), count in found.counts.items()
    ]


def _samples(found: Item) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "record": s.record,
            "record_key": s.record_key,
            "field": s.field,
            "position": s.position,
            "text": s.text,
        }
        for number, s in enumerate(found.samples)
    ]


def _same(some: list[dict[str, Any]], others: list[dict[str, Any]], key: str) -> bool:
    return sorted(some, key=lambda row: row[key]) == sorted(others, key=lambda row: row[key])


def _of(column: sa.Column[Any], ids: Sequence[int] | None) -> sa.ColumnElement[bool]:
    return sa.true() if ids is None else column.in_(ids)


def open_queue(where: str | Path) -> Queue:
    """A queue by file path (SQLite) or by database URL."""
    text, files = str(where), queue_files(where)
    if not files:
        return Queue(text)
    make_queue_file(files[0])
    return Queue(text if "://" in text else sa.URL.create("sqlite", database=text).render_as_string())
