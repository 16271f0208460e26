"""Who may use the review screen: this machine, the token's holder, and pages of the screen itself.

Owns the checks before a request and the headers after it. A request is refused unless its Host is the
loopback address that is served (so that no foreign name can be rebound to it), it carries the session that
the token in the printed URL began, and, when it changes something, it comes from our own page (Origin,
Sec-Fetch-Site) with the session's form token.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gaiji.messages import tr

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
IDLE = 30 * 60
"""Seconds without a request after which a session ends."""


COOKIE = "gaiji_review"


@dataclass
class Clerk:
    """One session. It is kept here and not in the cookie: answers that overtake each other must not bring
    back an older one.
    """

    form: str
    """The token that every form of this session carries."""
    seen: float
    """Time of the last request, seconds since the epoch."""
    who: str = ""
    evidence: str = ""
    """根拠 of the last decision, offered for the next."""
    undo: list[tuple[int, int]] = field(default_factory=list)
    """(item, its version since) of the acts that can be taken back, the last one last."""


def guard(app: Flask, token: str, idle: int = IDLE) -> None:
    """Put the checks and headers on every request of ``app``; views find the session's ``Clerk`` in
    ``g.clerk``.
    """
    sessions: dict[str, Clerk] = {}

    @app.before_request
    def check() -> AnyResponse | None:
        g.clerk = None
        if not _own_host():
            abort(403, tr("このアドレスからは使えません。"))
        given = request.args.get("token", "")
        if given and request.method == "GET":
            return _begin(given, token, sessions)
        name = request.cookies.get(COOKIE, "")
        clerk = sessions.get(name)
        if clerk is None or time.time() - clerk.seen > idle:
            sessions.pop(name, None)
            abort(
                403,
                tr(
                    "画面を開いたときのURL（token付き）から開き直してください。"
                    "一定時間操作がないと終了します。"
                ),
            )
        clerk.seen = time.time()
        g.clerk = clerk
        if request.method not in ("GET", "HEAD"):
            _own_page(clerk)
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    @app.context_processor
    def form_token() -> dict[str, Any]:
        clerk = g.get("clerk")
        return {"form_token": clerk.form if clerk else "", "clerk": clerk.who if clerk else ""}

    def end() -> None:
        sessions.pop(request.cookies.get(COOKIE, ""), None)
        g.clerk = None

    app.extensions["gaiji-end-session"] = end


def _own_host() -> bool:
    """Host is the loopback address, with the port that the request came in on."""
    port = request.environ.get("SERVER_PORT", "")
    return request.host in {
        f"127.0.0.1:{port}",
        f"localhost:{port}",
        *(("127.0.0.1", "localhost") if port == "80" else ()),
    }


def _begin(given: str, token: str, sessions: dict[str, Clerk]) -> AnyResponse:
    """The token opens a session; it does not stay in the address."""
    if not hmac.compare_digest(given.encode(), token.encode()):
        abort(403, tr("tokenが違います。起動したときに表示されたURLから開いてください。"))
    name = secrets.token_urlsafe(24)
    sessions[name] = Clerk(secrets.token_urlsafe(24), time.time())
    answer = redirect(request.path, 303)
    answer.set_cookie(COOKIE, name, httponly=True, samesite="Strict")
    return answer


def _own_page(clerk: Clerk) -> None:
    """A change comes from a page of ours."""
    origin = request.headers.get("Origin", "")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if (origin and origin != request.host_url.rstrip("/")) or site not in ("same-origin", "none"):
        abort(403, tr("ほかのサイトからの操作は受け付けません。"))
    given = request.form.get("form_token", "")
    if not hmac.compare_digest(given.encode(), clerk.form.encode()):
        abort(403, tr("画面が古くなっています。もう一度開いてください。"))
