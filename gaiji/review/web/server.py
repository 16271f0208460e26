"""Starts the review screen and says where it is.

Owns the token of a screen whose queue has no accounts, and that nobody but this machine comes in without one.
Where it listens is ``listening``'s, the pages are ``app``'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gaiji.errors import MissingExtra, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.queue.accounts import Accounts
from gaiji.queue.decisions import Decisions
from gaiji.queue.queue import open_queue
from gaiji.review.web.listening import Listening, start
from gaiji.shape.pictures import open_gallery


def serve(
    where: str | Path,
    *,
    port: int = 0,
    listen: Listening | None = None,
    confirm: str = "one-person",
    fonts: Sequence[str | Path] = (),
    idle: int = 30 * 60,
    town: Callable[[], Mapping[str, Any]] | None = None,
    ready: Callable[[str, Any], None],
) -> None:
    """Serve a queue until interrupted. ``ready`` is told the URL (with the token, where the queue has no
    accounts), and the server, once it listens.

    ``listen``: where (else this machine alone, at ``port``, 0 for a free one); UsageError where others could
    come in and the queue has no accounts. ``town``: what the page of the town says, which is then shown
    first. ``idle``: seconds after which an unused session ends or is locked. MissingExtra without the extra
    ``web``.
    """
    try:
        import waitress  # noqa: F401

        from gaiji.review.web.app import create_app
        from gaiji.review.web.guard import OPENS
    except ImportError as error:
        raise MissingExtra(tr("the review screen"), "web") from error
    at = (listen or Listening(port=port)).checked()
    token = secrets.token_urlsafe(24)
    queue = open_queue(where)
    try:
        if not at.alone and not Accounts(queue).all():
            raise UsageError(
                fault("E0872", "has no accounts: whoever finds the address would be whom they say"),
                where=queue.name,
                next=tr("add the people first: gaiji review user add NAME"),
            )
        app = create_app(
            Decisions(queue, confirm=confirm),
            open_gallery(fonts),
            token,
            idle=idle,
            town=town,
            secure=at.secure,
            alone=at.alone,
        )
        app.extensions["gaiji-warm"].start()

        def listens(port: int, server: Any) -> None:
            app.extensions["gaiji-hosts"](at.hosts(port))
            first = "town" if town is not None else ""
            known = Accounts(queue).all()
            ready(at.url(port) + first + ("" if known else f"?{OPENS}={token}"), server)

        start(app, at, listens)
    finally:
        queue.close()
