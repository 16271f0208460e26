"""What the first search needs, made ready in the background when the screen starts.

Owns the thread and what it leaves: the index of parts, the repertoire's look-ups and, where it was built
before, the index of shapes. What is not ready yet is waited for (parts) or done without (shapes). A clerk is
told which order a search has.
"""

from __future__ import annotations

import threading
from functools import lru_cache

from gaiji.errors import GaijiError
from gaiji.log import event
from gaiji.model import Picture
from gaiji.review.evidence.search import find
from gaiji.shape.index import Index, kept_index

FIRST = ("⿰氵度", "わたなべ", "わたる", "EEB5", "大漢和1", "はしご高")
"""A search of each sort: after them every table that a search reads is in memory."""
KEPT = 32


class Warm:
    """What a search asks for; ``start`` makes it ready on a thread of its own."""

    def __init__(self) -> None:
        self._index: Index | None = None
        self._alike = lru_cache(maxsize=KEPT)(self._compared)

    def start(self) -> None:
        """Begin to make ready; returns at once."""
        threading.Thread(target=self.make_ready, name="gaiji-warm", daemon=True).start()

    def make_ready(self) -> None:
        """Ask a search of each sort, and open the index of shapes where there is one."""
        try:
            for query in FIRST:
                find(query)
            self._index = kept_index()
            self._alike.cache_clear()
        except GaijiError as error:  # whoever searches is told the same
            event("searches-not-ready", {"error": error.number})

    def likeness(self, picture: Picture) -> dict[str, float]:
        """How like a picture every glyph is, by name; nothing where there is no index, or the picture is none
        that can be compared."""
        return self._alike(picture) if self._index is not None else {}

    def _compared(self, picture: Picture) -> dict[str, float]:
        try:
            return self._index.likeness([picture]) if self._index is not None else {}
        except GaijiError:
            return {}
