"""Where the review screen listens: this machine alone, a LAN by TLS, or behind a reverse proxy.

Owns what is refused before anything listens, the names that browsers may use for it, and the server of each
kind: waitress for plain HTTP, cheroot for TLS. The pages are ``app``'s, who may ask for them ``guard``'s.
"""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gaiji.errors import MissingExtra, OutputError, UsageError
from gaiji.errors.messages import fault, tr

HOST = "127.0.0.1"
THREADS = 8
WAIT = 5.0
"""Seconds that answers on their way have when the screen ends."""
PROXIES = ("127.0.0.1", "::1")
_Started = tuple[Any, Callable[[], None], Callable[[], None], int]
"""A server that listens, how it runs and how it ends, and its port."""


@dataclass(frozen=True)
class Listening:
    """``host`` and ``port`` (0: a free one) to listen on; ``certificate`` and ``key``: PEM files for TLS (the
    key may be in the certificate's); ``names``: what browsers call it; ``proxy``: the address (https://…) at
    which a reverse proxy shows it, ``proxies``: the addresses that the proxy asks from; ``plain``: HTTP on a
    LAN was asked for."""

    host: str = HOST
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()
    proxy: str = ""
    proxies: tuple[str, ...] = PROXIES
    plain: bool = False

    @property
    def alone(self) -> bool:
        """Whether only this machine can come in, by no proxy."""
        return is_loopback(self.host) and not self.proxy

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.certificate is not None or self.proxy.startswith("https://")

    def checked(self) -> Listening:
        """Itself. UsageError where passwords and names would cross a LAN unprotected, or its parts do not go
        together."""
        if self.proxy and self.certificate:
            raise UsageError(
                fault("E0866", "a certificate of its own and a proxy do not go together"),
                next=tr("leave one of --certificate and --behind-proxy out"),
            )
        parts = urlsplit(self.proxy)
        if self.proxy and (
            parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")
        ):
            raise UsageError(
                fault("E0867", "is no address that a proxy shows the screen at"),
                where=self.proxy[:100],
                next=tr("write it without a path, such as https://review.example.lg.jp"),
            )
        if self.key and not self.certificate:
            raise UsageError(
                fault("E0868", "a key without its certificate"), next=tr("give --certificate as well")
            )
        open_lan = not is_loopback(self.host) and self.certificate is None and not self.proxy
        if (open_lan or self.proxy.startswith("http://")) and not self.plain:
            raise UsageError(
                fault("E0869", "passwords and people's data would go over the network for anybody to read"),
                where=self.proxy or self.host,
                next=tr(
                    "give --certificate and --key, an https:// address of --behind-proxy, or --plain-http"
                ),
            )
        return self

    def hosts(self, port: int) -> frozenset[str]:
        """What Host may say, once the port is known; none for this machine alone."""
        if self.alone and not self.certificate and not self.names:
            return frozenset()
        if self.proxy:
            return frozenset({urlsplit(self.proxy).netloc})
        usual = ("443" if self.certificate else "80") == str(port)
        names = [_bracketed(name) for name in self._names()]
        return frozenset({f"{name}:{port}" for name in names} | ({*names} if usual else set()))

    def url(self, port: int) -> str:
        """Where a browser finds it."""
        if self.proxy:
            return self.proxy.rstrip("/") + "/"
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{_bracketed(self._names()[0])}:{port}/"

    def _names(self) -> Sequence[str]:
        every = self.host in ("0.0.0.0", "::", "")
        own = [socket.getfqdn(), socket.gethostname()] if every else [self.host]
        own += ["localhost"] if is_loopback(self.host) else []
        return list(dict.fromkeys([*self.names, *own]))


def listening(listen: str, port: int = 0, **more: Any) -> Listening:
    """From HOST, HOST:PORT or [IPv6]:PORT as a person writes it; "": this machine. UsageError where it is
    none."""
    host, given = (listen, "") if listen.count(":") > 1 and not listen.startswith("[") else _split(listen)
    if given and not (given.isdecimal() and int(given) < 65536):
        raise UsageError(
            fault("E0870", "is no address to listen on"),
            where=listen[:100],
            next=tr("write HOST:PORT, such as 0.0.0.0:8443"),
        )
    return Listening(host.strip("[]") or HOST, int(given) if given else port, **more).checked()


def _split(listen: str) -> tuple[str, str]:
    if listen.startswith("["):
        host, _, rest = listen.partition("]")
        return host, rest.removeprefix(":")
    host, _, port = listen.partition(":")
    return host, port


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def start(app: Any, where: Listening, listens: Callable[[int, Any], None]) -> None:
    """Serve until interrupted; ``listens`` is told the port and the server. OutputError where it cannot
    listen, UsageError where a certificate cannot be used."""
    if where.proxy:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = _OnlyProxy(ProxyFix(app.wsgi_app, x_host=1), where.proxies)
    try:
        server, run, end, port = _tls(app, where) if where.certificate else _plain(app, where)
    except OSError as error:
        raise OutputError(
            fault("E0242", "cannot be listened on: {reason}", reason=error.strerror or str(error)),
            where=f"{where.host}:{where.port}",
            next=tr("choose another --port, or leave it out"),
        ) from error
    try:
        listens(port, server)
        run()
    except KeyboardInterrupt:  # Ctrl-C is how it ends
        pass
    finally:
        end()


def _plain(app: Any, where: Listening) -> _Started:
    from waitress.server import create_server

    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # a page of pictures queues a little; that is no news
    server: Any = create_server(
        app,
        host=where.host,
        port=where.port,
        threads=THREADS,
        ident=None,
        clear_untrusted_proxy_headers=not where.proxy,
    )
    return server, server.run, server.close, server.effective_port


def _tls(app: Any, where: Listening) -> _Started:
    try:
        from cheroot.ssl.builtin import BuiltinSSLAdapter
        from cheroot.wsgi import Server
    except ImportError as error:
        raise MissingExtra(tr("the review screen by TLS"), "web") from error
    server: Any = Server(
        (where.host, where.port), app, numthreads=THREADS, server_name="", shutdown_timeout=1
    )
    try:
        adapter = BuiltinSSLAdapter(str(where.certificate), str(where.key or where.certificate))
        adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise UsageError(
            fault("E0871", "cannot be used as a certificate with its key: {reason}", reason=_reason(error)),
            where=str(where.certificate),
            next=tr("give PEM files that belong together, the key without a password"),
        ) from error
    server.ssl_adapter = adapter
    server.prepare()

    def end() -> None:  # a browser that still holds a connection does not hold the end
        closing = threading.Thread(target=server.stop, daemon=True)
        closing.start()
        closing.join(WAIT)

    return server, lambda: _until_interrupted(server), end, int(server.bind_addr[1])


def _until_interrupted(server: Any) -> None:
    """Serve until Ctrl-C. cheroot loses the exception that it raises where a connection is just taken, so
    that the signal itself stops the server."""
    if threading.current_thread() is not threading.main_thread():
        server.serve()
        return

    def stop(*_: object) -> None:
        threading.Thread(target=server.stop, daemon=True).start()

    before = signal.signal(signal.SIGINT, stop)
    try:
        server.serve()
    finally:
        signal.signal(signal.SIGINT, before)


class _OnlyProxy:
    """Lets in what the proxy sends, and nobody who found the port beside it."""

    def __init__(self, app: Any, proxies: Iterable[str]) -> None:
        self.app, self.proxies = app, frozenset(proxies)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("REMOTE_ADDR") not in self.proxies:
            start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [tr("このアドレスからは使えません。").encode()]
        return self.app(environ, start_response)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or getattr(error, "reason", "") or error).splitlines()[0]


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
