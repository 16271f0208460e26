"""What an act writes: the decision, the item's new state, its line in the log.

Owns those statements, one by one, or (``Together``) kept until many acts of one transaction go out at once.
Who may act, and what follows from it, is ``gaiji.queue.decisions``'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from gaiji.queue.accounts import Account, all_in
from gaiji.queue.audit import append, append_all
from gaiji.queue.schema import decision, item

if TYPE_CHECKING:
    from gaiji.standard.repertoire import Repertoire

AT_ONCE = 500
"""Items of one statement."""
_ITEM: sa.BindParameter[int] = sa.bindparam("which")


class Acts:
    """The acts of a transaction, each written as it comes."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    @cached_property
    def repertoire(self) -> Repertoire:
        """What their glyphs are of: looked up once, since the lists in use are asked for on the disk."""
        from gaiji.standard.repertoire import load_repertoire

        return load_repertoire()

    def accounts(self) -> dict[str, Account]:
        """Name → account."""
        return all_in(self.connection)

    def row(self, item_id: int) -> Any:
        """An item, locked; None where there is none."""
        query = sa.select(item).where(item.c.id == item_id).with_for_update()
        return self.connection.execute(query).mappings().first()

    def decide(self, item_id: int, made: Mapping[str, Any]) -> None:
        """A decision in the place of the one that may be there."""
        self.connection.execute(decision.delete().where(decision.c.item_id == item_id))
        self.connection.execute(decision.insert().values(item_id=item_id, **made))

    def move(self, item_id: int, state: str, person: str, action: str, detail: dict[str, Any]) -> None:
        """An item into another state, and the log's line of it."""
        moved = item.update().where(item.c.id == item_id)
        self.connection.execute(moved.values(state=state, version=item.c.version + 1))
        append(self.connection, person, action, item_id, detail)


class Together(Acts):
    """Acts on some items, which go out together: when one of them is asked for again, and at the end."""

    def __init__(self, connection: sa.Connection, ids: Iterable[int]) -> None:
        super().__init__(connection)
        self._accounts = all_in(connection)
        self._rows: dict[int, Any] = {}
        rest = iter(sorted(set(ids)))
        while some := list(islice(rest, AT_ONCE)):
            query = sa.select(item).where(item.c.id.in_(some)).order_by(item.c.id).with_for_update()
            self._rows |= {row["id"]: row for row in connection.execute(query).mappings()}
        self._decided: list[dict[str, Any]] = []
        self._moved: list[dict[str, Any]] = []
        self._lines: list[tuple[str, str, int, dict[str, Any]]] = []

    def accounts(self) -> dict[str, Account]:
        return self._accounts

    def row(self, item_id: int) -> Any:
        found = self._rows.pop(item_id, None)
        if found is None:
            self.flush()
            return super().row(item_id)
        return found

    def decide(self, item_id: int, made: Mapping[str, Any]) -> None:
        self._decided.append({"item_id": item_id, **made})

    def move(self, item_id: int, state: str, person: str, action: str, detail: dict[str, Any]) -> None:
        self._moved.append({"which": item_id, "to": state})
        self._lines.append((person, action, item_id, detail))

    def flush(self) -> None:
        """Write what came so far, in a few statements."""
        if self._decided:
            there = [{"which": made["item_id"]} for made in self._decided]
            self.connection.execute(decision.delete().where(decision.c.item_id == _ITEM), there)
            self.connection.execute(decision.insert(), self._decided)
        if self._moved:
            moved = item.update().where(item.c.id == _ITEM)
            moved = moved.values(state=sa.bindparam("to"), version=item.c.version + 1)
            self.connection.execute(moved, self._moved)
        append_all(self.connection, self._lines)
        self._decided, self._moved, self._lines = [], [], []


@contextmanager
def together(acts: Any, connection: sa.Connection, ids: Iterable[int]) -> Iterator[None]:
    """Within it the acts of a ``Decisions`` on these items, all of one transaction, go out together."""
    acts.many = Together(connection, ids)
    try:
        yield
        acts.many.flush()
    finally:
        acts.many = None
