"""Who may use the review screen: this machine, the token's holder, and pages of the screen itself.

Owns the checks before a request and the headers after it. A request is refused unless its Host is the loopback address that
is served (so that no foreign name can be rebound to it), it carries the session that the token in the printed URL
began, and, when it changes something, it comes from our own page (Origin, Sec-Fetch-Site) with the session's form token.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import Any

from flask import Flask, Response, abort, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

CSP = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; "
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


def guard(app: Flask, token: str, idle: int = IDLE) -> None:
    """Put the checks and headers on every request of ``app``."""

    @app.before_request
    def check() -> AnyResponse | None:
        if not _own_host():
            abort(403, "このアドレスからは使えません。")
        given = request.args.get("token", "")
        if given and request.method == "GET":
            return _begin(given, token)
        seen = float(session.get("seen", 0))
        if not session.get("form") or time.time() - seen > idle:
            session.clear()
            abort(403, "画面を開いたときのURL（token付き）から開き直してください。一定時間操作がないと終了します。")
        session["seen"] = time.time()
        if request.method not in ("GET", "HEAD"):
            _own_page()
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    @app.context_processor
    def form_token() -> dict[str, Any]:
        return {"form_token": session.get("form", "")}


def _own_host() -> bool:
    """Host is the loopback address, with the port that the request came in on."""
    port = request.environ.get("SERVER_PORT", "")
    return request.host in {f"127.0.0.1:{port}", f"localhost:{port}", *(("127.0.0.1", "localhost") if port == "80" else ())}


def _begin(given: str, token: str) -> AnyResponse:
    """The token opens a session; it does not stay in the address."""
    if not hmac.compare_digest(given.encode(), token.encode()):
        abort(403, "tokenが違います。起動したときに表示されたURLから開いてください。")
    who = session.get("who", "")
    session.clear()
    session["form"], session["seen"] = secrets.token_urlsafe(24), time.time()
    if who:
        session["who"] = who
    return redirect(request.path, 303)


def _own_page() -> None:
    """A change comes from a page of ours."""
    origin = request.headers.get("Origin", "")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if (origin and origin != request.host_url.rstrip("/")) or site not in ("same-origin", "none"):
        abort(403, "ほかのサイトからの操作は受け付けません。")
    given = request.form.get("form_token", "")
    if not hmac.compare_digest(given.encode(), str(session["form"]).encode()):
        abort(403, "画面が古くなっています。もう一度開いてください。")
