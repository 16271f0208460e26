"""Who may use the review screen: this machine, the token's holder, and pages of the screen itself.

Owns the checks before a request and the headers after it. A request is refused unless its Host is the
loopback address that is served, or a name that the screen was given (so that no foreign name can be rebound
to it), it carries the session that the token in the printed URL or an account began (``seats``), and, when it
changes something, it comes from our own page (Origin, Sec-Fetch-Site) with the session's form token.
"""

from __future__ import annotations

import hmac
import time
from html import escape
from typing import Any

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gaiji.errors.messages import tr
from gaiji.queue.accounts import Account, Accounts, allowed_sources
from gaiji.queue.queue import Queue
from gaiji.review.web.seats import Seats, alive
from gaiji.review.web.sessions import Clerk, Sessions

CSP = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; "  # noqa: E501
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OPENS = "open"
"""What the printed address ends with: what opens the screen where the queue has no accounts."""
IDLE = 30 * 60
"""Seconds without a request after which a session ends, or is locked."""


def who_acts() -> str:
    """Who acts: who signed in; in a queue without accounts the name in the field as it stands now, which is
    the session's from here on."""
    account: Account | None = g.get("account")
    if account is not None:
        return account.name
    given = request.form.get("who")
    if given is not None:
        g.clerk.named(given.strip()[:60])
    return str(g.clerk.who)


def guard(
    app: Flask, token: str, idle: int = IDLE, *, queue: Queue, secure: bool = False, alone: bool = True
) -> None:
    """Put the checks and headers on every request of ``app``; views find the session's ``Clerk`` in
    ``g.clerk`` and who signed in in ``g.account``.

    ``secure``: browsers come by TLS; ``alone``: only this machine comes in. What Host may say is told once it
    listens (``app.extensions["gaiji-hosts"]``); until then, and where nothing is told, the loopback address.
    """
    hosts: set[str] = set()
    sessions = Sessions(secure=secure)
    seats, accounts = Seats(queue, sessions, idle), Accounts(queue)

    @app.before_request
    def check() -> AnyResponse | tuple[str, int] | None:
        g.clerk = g.account = g.sources = None
        if not (request.host in hosts if hosts else _loopback()):
            abort(403, tr("このアドレスからは使えません。"))
        known = accounts.all()
        if not known and not alone:
            abort(403, tr("アカウントがありません。このアドレスからは使えません。"))
        if request.endpoint == "alive":
            return _alive(seats, sessions, known, idle)
        if request.method not in ("GET", "HEAD"):
            _own_origin()
        stopped = seats.admit(known) if known else _by_token(token, sessions, idle)
        if stopped is None and g.account is not None:
            g.sources = allowed_sources(queue, g.account.systems)
        if stopped is None and g.clerk is not None and request.method not in ("GET", "HEAD"):
            _own_form(g.clerk)
        return stopped

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    @app.context_processor
    def form_token() -> dict[str, Any]:
        clerk, account = g.get("clerk"), g.get("account")
        told = {"form_token": clerk.form if clerk else "", "clerk": clerk.who if clerk else ""}
        return told | {"account": account, "idle": idle if account else 0}

    def end() -> None:
        sessions.end()
        g.clerk = g.account = None

    app.extensions["gaiji-end-session"] = end
    app.extensions["gaiji-hosts"] = hosts.update
    app.add_url_rule("/signin", "sign_in", seats.sign_in, methods=["GET", "POST"])
    app.add_url_rule("/lock", "lock", seats.lock, methods=["POST"])
    app.add_url_rule("/alive", "alive", lambda: abort(404))  # answered before it comes here


def _alive(seats: Seats, sessions: Sessions, known: dict[str, Account], idle: int) -> Response:
    """Whether the session that asks goes on."""
    clerk = sessions.here()
    if known:
        state = seats.state(known)
    else:
        state = "here" if clerk is not None and time.time() - clerk.seen <= idle else "ended"
    if state == "here" and clerk is not None:
        clerk.seen, g.clerk = time.time(), clerk
    return alive(state)


def _by_token(token: str, sessions: Sessions, idle: int) -> AnyResponse | None:
    """The way in without accounts: the printed URL begins a session, which ends when nobody uses it."""
    given = request.args.get(OPENS, "")
    if given and request.method == "GET":
        return _begin(given, token, sessions)
    clerk = sessions.here()
    if clerk is None and sessions.entered():
        return _on(request.path)
    if clerk is None or clerk.account or time.time() - clerk.seen > idle:
        sessions.end()
        abort(
            403,
            tr(
                "起動したときに表示されたアドレス（?から後ろも）をもう一度開いてください。一定時間操作がないと終了します。"
            ),
        )
    clerk.seen = time.time()
    g.clerk = clerk
    return None


def _loopback() -> bool:
    """Host is the loopback address, with the port that the request came in on."""
    port = request.environ.get("SERVER_PORT", "")
    return request.host in {
        f"127.0.0.1:{port}",
        f"localhost:{port}",
        *(("127.0.0.1", "localhost") if port == "80" else ()),
    }


def _begin(given: str, token: str, sessions: Sessions) -> AnyResponse:
    """The token opens a session; it stays neither in the address nor in the browser's history."""
    if not hmac.compare_digest(given.encode(), token.encode()):
        abort(
            403,
            tr(
                "アドレスの後ろの部分が違います。起動したときに表示されたアドレスを、全部写して開いてください。"
            ),
        )
    answer = redirect(request.path, 303)
    clerk = sessions.begin()
    sessions.send(answer, clerk)
    sessions.let_in(answer, clerk)
    return answer


def _on(path: str) -> Response:
    """A page that opens itself once more: from here on our own page led there, also on a reload."""
    again = f'<meta http-equiv="refresh" content="0;url={escape(path)}">'
    page = f'<!doctype html><meta charset="utf-8"><title>-</title>{again}'
    return Response(page, mimetype="text/html")


def _own_origin() -> None:
    """A change comes from a page of ours, not of another site."""
    origin = request.headers.get("Origin", "")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if (origin and origin != request.host_url.rstrip("/")) or site not in ("same-origin", "none"):
        abort(403, tr("ほかのサイトからの操作は受け付けません。"))


def _own_form(clerk: Clerk) -> None:
    """A change comes from a form of this session."""
    given = request.form.get("form_token", "")
    if not hmac.compare_digest(given.encode(), clerk.form.encode()):
        abort(403, tr("画面が古くなっています。もう一度開いてください。"))
