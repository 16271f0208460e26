"""The review queue: one item for each code that a person must look at, in SQLite or PostgreSQL.

Owns connections, transactions and what is read of it. A run's counts are kept for each source, so running the
same job over the same input again replaces them (``gaiji.queue.adding``): items never double. Knows
nothing of decoding or of file formats.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gaiji.errors import MissingExtra, QueueError
from gaiji.errors.messages import fault, tr
from gaiji.model import Picture
from gaiji.queue import adding
from gaiji.queue.adding import SETTLED, reopen
from gaiji.queue.items import Item, Proposal, Sample, Source
from gaiji.queue.opening import prepare
from gaiji.queue.place import SCHEMA, database_url, make_queue_file, queue_files
from gaiji.queue.schema import item, meta, own_transactions, picture, place, proposal, sample, source, usage

Sources = Collection[str] | None
"""Ids of sources; None: all."""


class Queue:
    """An open queue; use ``open_queue``."""

    def __init__(self, url: str) -> None:
        self.url = url
        database_url(url)
        try:
            waits = (
                {"timeout": 60} if url.startswith("sqlite") else {}
            )  # seconds for another clerk's write to end
            self.engine = sa.create_engine(url, connect_args=waits)
            if url.startswith("sqlite"):
                own_transactions(self.engine)
            try:
                found = prepare(self.engine)
            except BaseException:
                self.engine.dispose()
                raise
        except sa.exc.SQLAlchemyError as error:
            raise self._error(error) from error
        except ImportError as error:
            feature = tr("this database (the driver {error})", error=error.name)
            raise MissingExtra(feature, "postgres") from error
        if found != SCHEMA:
            raise QueueError(
                fault("E0211", "has schema {found}, this gaiji writes {schema}", found=found, schema=SCHEMA),
                where=self.name,
                next=tr("use a new queue file"),
            )

    def sources(self) -> list[Source]:
        """Where findings came from, files as ``near`` names them."""
        names = ("input", "job", "site", "gaiji_set", "output", "digest")
        with self.reading() as connection:
            rows = connection.execute(sa.select(source).order_by(source.c.id)).mappings()
            return [Source(**{name: row[name] for name in names}) for row in rows]

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def add(self, source: Source | str, items: Iterable[Item]) -> int:
        """Record a run's findings in one transaction; what this source had before is replaced, and nothing of
        any other. A text is an input without a job.

        Returns how many of them still wait for a person. A decided item stays decided, unless its
        ``basis`` (what the tables say of its code) is another than what this source said before, or than any
        source said at the decision; then it is open again and the audit log says why. Counts of decided items
        that no longer occur are kept.
        Adding again what the queue has already leaves its bytes as they are.
        """
        given = source if isinstance(source, Source) else Source(source)
        with self.writing() as connection:
            return adding.add(connection, self.near(given), list(items))

    def counts(self, origin: Source) -> dict[int, dict[str, int]]:
        """Item id → field → occurrences, as one source has them."""
        out: dict[int, dict[str, int]] = {}
        query = sa.select(usage.c.item_id, usage.c.field, usage.c.count)
        with self.reading() as connection:
            for row in connection.execute(query.where(usage.c.source == self.near(origin).id)):
                out.setdefault(row[0], {})[row[1]] = int(row[2])
        return out

    def sources_of(self, item_id: int) -> list[Source]:
        """The sources that hold an item now."""
        names = ("input", "job", "site", "gaiji_set", "output", "digest")
        mine = sa.select(usage.c.source).where(usage.c.item_id == item_id)
        query = sa.select(source).where(source.c.id.in_(mine)).order_by(source.c.id)
        with self.reading() as connection:
            rows = connection.execute(query).mappings()
            return [Source(**{name: row[name] for name in names}) for row in rows]

    def samples(self, sources: Sequence[str]) -> int:
        """How many samples the sources of these ids have."""
        with self.reading() as connection:
            count = sa.select(sa.func.count()).select_from(sample).where(sample.c.source.in_(sources))
            return int(connection.execute(count).scalar_one())

    def proposed(self) -> dict[int, set[str]]:
        """Item id → the glyphs that any source proposes for it."""
        out: dict[int, set[str]] = {}
        with self.reading() as connection:
            for row in connection.execute(sa.select(proposal.c.item_id, proposal.c.glyph)):
                out.setdefault(row.item_id, set()).add(row.glyph)
        return out

    def forget(self, sources: Sequence[str]) -> int:
        """Take what sources (by id) say of people out of the queue: their samples, and what their dumps
        propose.

        Counts and decisions stay. Returns how many samples there were. SQLite overwrites the rows, then
        the file is made anew without them.
        """
        with self.writing() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            gone = connection.execute(sample.delete().where(sample.c.source.in_(sources))).rowcount
            connection.execute(proposal.delete().where(proposal.c.origin.in_(sources)))
            connection.execute(place.delete().where(place.c.source.in_(sources)))
        if self.engine.dialect.name == "sqlite":
            self._shrink()
        return int(gone)

    def _shrink(self) -> None:
        """Make an SQLite file anew, without what deleted rows left in it."""
        raw = self.engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM")  # the driver begins no transaction of its own
        except sqlite3.Error as error:
            raise self._error(error) from error
        finally:
            raw.close()

    def add_pictures(
        self, system: str, site: str, pictures: Mapping[str, Sequence[Picture]], *, gaiji_set: str = ""
    ) -> tuple[int, int]:
        """Give the items of a code system and a site's set their 外字 pictures, by code; returns (items,
        reopened).

        An item decided with another picture than the one given now is open again; one that had none is not.
        """
        given = reopened = 0
        with self.writing() as connection:
            rows = connection.execute(
                sa.select(item).where(
                    (item.c.system == system) & (item.c.site == site) & (item.c.gaiji_set == gaiji_set)
                )
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
                if before and old.state in SETTLED:
                    reopen(connection, old, "the picture of the 外字 is another than at the decision")
                    reopened += 1
        return given, reopened

    def _digests(self, connection: sa.Connection) -> dict[int, list[str]]:
        out: dict[int, list[str]] = {}
        query = sa.select(picture.c.item_id, picture.c.digest).order_by(picture.c.item_id, picture.c.number)
        for item_id, digest in connection.execute(query):
            out.setdefault(item_id, []).append(digest)
        return out

    def propose(
        self,
        source: str,
        proposals: Mapping[int, Sequence[Proposal]],
        items: Sequence[int],
        *,
        origin: Source | None = None,
    ) -> None:
        """Keep a source's proposals (item id → glyphs, each once); what it proposed for ``items`` before is
        replaced. ``origin``: the job whose dump speaks, which leaves what other jobs' dumps say.
        """
        said = self.near(origin).id if origin else ""
        rows = [
            {"item_id": item_id, "source": source, "origin": said}
            | {"glyph": p.glyph, "score": p.score, "reason": p.reason}
            for item_id, some in proposals.items()
            for p in some
        ]
        mine = (proposal.c.source == source) & proposal.c.origin.in_({said, ""})
        with self.writing() as connection:
            for start in range(0, len(items), 500):
                some = items[start : start + 500]
                connection.execute(proposal.delete().where(mine & proposal.c.item_id.in_(some)))
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
            .where(of_these(picture.c.item_id, ids))
            .order_by(picture.c.item_id, picture.c.number)
        )
        out: dict[int, list[Picture]] = {}
        with self.reading() as connection:
            for row in connection.execute(query):
                out.setdefault(row.item_id, []).append(Picture(row.width, row.height, bytes(row.ink)))
        return out

    def order(
        self, states: Sequence[str], also: int = 0, verdict: str = "", *, sources: Sources = None
    ) -> list[tuple[int, str]]:
        """(id, code) of the items in these states (and of item ``also``), those that concern the most people
        first.

        ``verdict`` limits them to those whose shape says that, ``sources`` (by id) to what these have.
        """
        query = (
            _used(sa.select(item.c.id, item.c.code), sources)
            .where(
                (item.c.state.in_(states) & ((item.c.verdict == verdict) if verdict else sa.true()))
                | (item.c.id == also)
            )
            .group_by(item.c.id)
            .order_by(*_BY_PEOPLE)
        )
        with self.reading() as connection:
            return [(row.id, row.code) for row in connection.execute(query)]

    def items(
        self, ids: Sequence[int] | None = None, *, sources: Sources = None, used: bool = True
    ) -> Iterator[Item]:
        """All items (or those of ``ids``), those that concern the most people first. ``sources`` (by id):
        only items that these have, with their counts and samples alone. ``used`` false: without any."""
        query = (
            _used(sa.select(item), sources)
            .where(of_these(item.c.id, ids))
            .group_by(item.c.id)
            .order_by(*_BY_PEOPLE)
        )
        with self.reading() as connection:
            found = {row.id: self._item(row) for row in connection.execute(query)}
            if used:
                self._use(connection, found, ids, sources)
        yield from found.values()

    @staticmethod
    def _use(
        connection: sa.Connection, found: Mapping[int, Item], ids: Sequence[int] | None, sources: Sources
    ) -> None:
        """Give items their counts and samples."""
        counts = (
            sa.select(
                usage.c.item_id,
                usage.c.field,
                usage.c.role,
                sa.func.sum(usage.c.count),
                sa.func.sum(usage.c.records),
            )
            .where(of_these(usage.c.item_id, ids) & of_these(usage.c.source, sources))
            .group_by(usage.c.item_id, usage.c.field, usage.c.role)
            .order_by(usage.c.field)
        )
        for owner, name, role, count, records in connection.execute(counts).all():
            found[owner].counts[name, role] = int(count)
            found[owner].records[name, role] = int(records)
        mine = of_these(sample.c.item_id, ids) & of_these(sample.c.source, sources)
        said = (getattr(sample.c, one.name) for one in fields(Sample))
        samples = sa.select(sample.c.item_id, *said).where(mine).order_by(sample.c.source, sample.c.number)
        for owner, *cells in connection.execute(samples).all():
            found[owner].samples.append(Sample(*cells))

    def item(self, item_id: int, *, sources: Sources = None) -> Item | None:
        """One item, None when there is none of that number (that one of ``sources`` has)."""
        return next(self.items([item_id], sources=sources), None)

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
            gaiji_set=row.gaiji_set,
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

    @property
    def served(self) -> bool:
        """Whether it lies on a database server, and so in no folder."""
        return not queue_files(self.url)

    def near(self, source: Source) -> Source:
        """A source as the queue names it: files as they are seen from its folder, so that the folder can be
        moved; absolute where it lies on a server, whose clients work in many."""
        return source if self.served else source.near(self.folder)

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
    item.c.site,
    item.c.gaiji_set,
    item.c.reason,
    item.c.id,
)


def _used(query: sa.Select[Any], sources: Sources) -> sa.Select[Any]:
    """A query of items with what uses them; of some sources, only items that these have."""
    return query.join(usage, of_sources(sources), isouter=sources is None)


def of_sources(sources: Sources) -> sa.ColumnElement[bool]:
    """How items and what some sources say of them go together."""
    return (usage.c.item_id == item.c.id) & of_these(usage.c.source, sources)


def of_these(column: sa.Column[Any], ids: Collection[Any] | None) -> sa.ColumnElement[bool]:
    """Whether a column is one of some values; None: any."""
    return sa.true() if ids is None else column.in_(ids)


def open_queue(where: str | Path) -> Queue:
    """A queue by file path (SQLite) or by database URL."""
    text, files = str(where), queue_files(where)
    if not files:
        return Queue(text)
    make_queue_file(files[0])
    return Queue(text if "://" in text else sa.URL.create("sqlite", database=text).render_as_string())
