"""Starts the review screen on the loopback address and prints where it is.

Owns the server and its token. The pages are ``app``'s.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gaiji.errors import MissingExtra, OutputError
from gaiji.queue.decisions import Decisions
from gaiji.queue.queue import open_queue
from gaiji.shape.pictures import open_gallery

HOST = "127.0.0.1"


def serve(
    where: str | Path,
    *,
    port: int = 0,
    confirm: str = "one-person",
    fonts: Sequence[str | Path] = (),
    idle: int = 30 * 60,
    ready: Callable[[str, Any], None],
) -> None:
    """Serve a queue until interrupted. ``ready`` is told the URL with its token, and the server, once it
    listens.

    ``port`` 0 takes a free one; ``idle``: seconds after which an unused session ends. MissingExtra without
    the extra ``web``.
    """
    try:
        from waitress.server import create_server

        from gaiji.review.web.app import create_app
    except ImportError as error:
        raise MissingExtra("the review screen", "web") from error
    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # a page of pictures queues a little; that is no news
    token = secrets.token_urlsafe(24)
    queue = open_queue(where)
    try:
        app = create_app(Decisions(queue, confirm=confirm), open_gallery(fonts), token, idle=idle)
        try:
            server = create_server(
                app, host=HOST, port=port, threads=8, ident=None, clear_untrusted_proxy_headers=True
            )
        except OSError as error:
            raise OutputError(
                f"cannot be listened on: {error.strerror}",
                where=f"{HOST}:{port}",
                next="choose another --port, or leave it out",
            ) from error
        ready(f"http://{HOST}:{server.effective_port}/?token={token}", server)
        try:
            server.run()
        finally:
            server.close()
    finally:
        queue.close()
