"""Where the review screen listens: what is refused, TLS with certificate files, and a reverse proxy before it."""

from __future__ import annotations

import http.client
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import pytest

from gaiji.errors import UsageError
from gaiji.queue.accounts import Accounts
from gaiji.queue.items import Item, Sample
from gaiji.queue.queue import open_queue
from gaiji.review.web.listening import Listening, listening
from gaiji.review.web.server import serve

WORD = "長い合言葉 one two"
CERTIFICATE = {"certificate": "c.pem"}
PUBLIC = "https://review.example.lg.jp"


@pytest.mark.parametrize(
    ("listen", "more", "number"),
    [("0.0.0.0:8443", {}, "E0869"), ("192.0.2.7", {}, "E0869"), ("[::]:8443", {}, "E0869"), ("review.example", {}, "E0869"),
     ("127.0.0.1", {"proxy": "http://review.example"}, "E0869"), ("127.0.0.1", {"proxy": "review.example"}, "E0867"),
     ("127.0.0.1", {"proxy": "https://review.example/gaiji"}, "E0867"), ("0.0.0.0", {"key": "k.pem", "plain": True}, "E0868"),
     ("0.0.0.0", CERTIFICATE | {"proxy": PUBLIC}, "E0866"), ("0.0.0.0:x", CERTIFICATE, "E0870"), ("0.0.0.0:70000", CERTIFICATE, "E0870")],
)  # fmt: skip
def test_what_is_refused(listen, more, number):
    with pytest.raises(UsageError) as error:
        listening(listen, **more)
    assert error.value.number == number


@pytest.mark.parametrize(
    ("listen", "more", "alone", "hosts", "url"),
    [("", {}, True, set(), "http://127.0.0.1:8443/"), ("localhost", {}, True, set(), "http://localhost:8443/"),
     ("::1", {}, True, set(), "http://[::1]:8443/"), ("192.0.2.7", CERTIFICATE, False, {"192.0.2.7:8443"}, "https://192.0.2.7:8443/"),
     ("192.0.2.7", CERTIFICATE | {"names": ("r.example",)}, False, {"192.0.2.7:8443", "r.example:8443"}, "https://r.example:8443/"),
     ("192.0.2.7", {"plain": True}, False, {"192.0.2.7:8443"}, "http://192.0.2.7:8443/"),
     ("[2001:db8::1]:1", CERTIFICATE, False, {"[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443/"),
     ("", {"proxy": PUBLIC}, False, {"review.example.lg.jp"}, PUBLIC + "/")],
)  # fmt: skip
def test_what_may_be(listen, more, alone, hosts, url):
    made = listening(listen, **more)
    assert (made.alone, set(made.hosts(8443)), made.url(8443)) == (alone, hosts, url)


def test_a_lan_comes_in_to_accounts_alone(tmp_path):
    open_queue(tmp_path / "q.sqlite").close()
    for where in (Listening("0.0.0.0", plain=True), Listening(proxy=PUBLIC)):
        with pytest.raises(UsageError) as error:
            serve(tmp_path / "q.sqlite", listen=where, ready=lambda *_: pytest.fail("it listens"))
        assert error.value.number == "E0872"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine, signed by itself."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = [
        "-keyout",
        folder / "key.pem",
        "-out",
        folder / "cert.pem",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *made],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    path = tmp_path_factory.mktemp("queue") / "q.sqlite"
    opened = open_queue(path)
    opened.add(
        "a.dat",
        [
            Item(
                "JEF",
                "80A1",
                "",
                "unmapped-gaiji",
                {("氏名", "name"): 1},
                [Sample(1, "7", "氏名", 1, "渡【〓】")],
            )
        ],
    )
    Accounts(opened).add("佐藤", "clerk", WORD)
    opened.close()
    return path


@contextmanager
def served(queue, *options):
    """The command's own server; the address that it prints."""
    command = [sys.executable, "-m", "gaiji", "review", "serve", "--queue", str(queue), *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(connection, method, path, body=None, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        given["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(body) if body is not None else None, given)
    answer = connection.getresponse()
    return answer, answer.read().decode()


def test_tls_with_certificate_files(queue, certificate):
    key = ("--certificate", certificate / "cert.pem", "--key", certificate / "key.pem")
    with served(queue, "--listen", "127.0.0.1:0", *key) as (url, process):
        at = urlsplit(url)
        assert at.scheme == "https" and "token" not in url
        trusted = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        connection = http.client.HTTPSConnection(at.hostname, at.port, context=trusted, timeout=60)
        assert ask(connection, "GET", "/")[0].status == 401
        assert ask(connection, "GET", "/signin", Host="evil.example")[0].status == 403
        sign_in = {"name": "佐藤", "password": WORD}
        assert ask(connection, "POST", "/signin", sign_in, Origin="http://127.0.0.1")[0].status == 403
        answer, _ = ask(connection, "POST", "/signin", sign_in, Origin=url.rstrip("/"))
        cookie = answer.headers["Set-Cookie"]
        assert answer.status == 303 and "Secure" in cookie and "HttpOnly" in cookie
        _, page = ask(connection, "GET", "/item/1", Cookie=cookie.partition(";")[0])
        form = {
            "form_token": re.search(r'name="form_token" value="([^"]+)"', page)[1],
            "version": 0,
            "note": "後で",
        }
        assert (
            ask(connection, "POST", "/item/1/defer", form, Cookie=cookie.partition(";")[0])[0].status == 303
        )
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.BadStatusLine)):
            ask(http.client.HTTPConnection(at.hostname, at.port, timeout=60), "GET", "/")
    assert process.returncode == 0


def test_a_certificate_that_cannot_be_used_is_named(queue, certificate, tmp_path):
    (tmp_path / "bad.pem").write_text("no certificate")
    for pair in (
        (tmp_path / "bad.pem",),
        (tmp_path / "none.pem",),
        (certificate / "cert.pem",),
        (certificate / "cert.pem", tmp_path / "bad.pem"),
    ):
        key = ("--key", pair[1]) if len(pair) > 1 else ()
        with served(queue, "--listen", "127.0.0.1:0", "--certificate", pair[0], *key) as (_, process):
            said = process.stderr.read()
        assert process.returncode == 2 and "E0871" in said and said.count("\n") == 1, said


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def test_behind_a_proxy(queue):
    port = free_port()
    forwarded = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "review.example.lg.jp"}
    with served(queue, "--behind-proxy", PUBLIC, "--port", "0", "--listen", f"127.0.0.1:{port}") as (url, _):
        assert url == PUBLIC + "/"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        assert ask(connection, "GET", "/")[0].status == 403  # past the proxy
        assert ask(connection, "GET", "/", X_Forwarded_Host="evil.example")[0].status == 403
        sign_in = {"name": "佐藤", "password": WORD}
        assert (
            ask(connection, "POST", "/signin", sign_in, Origin="https://evil.example", **forwarded)[0].status
            == 403
        )
        answer, said = ask(connection, "POST", "/signin", sign_in, Origin=PUBLIC, **forwarded)
        assert answer.status == 303 and "Secure" in answer.headers["Set-Cookie"], said
    port = free_port()
    with served(
        queue, "--behind-proxy", PUBLIC, "--proxy-address", "127.0.0.9", "--listen", f"127.0.0.1:{port}"
    ) as (url, _):
        assert (
            ask(http.client.HTTPConnection("127.0.0.1", port, timeout=60), "GET", "/", **forwarded)[0].status
            == 403
        )
