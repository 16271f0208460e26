"""Charsets as codecs of Python, only when asked: ``raw.decode("gaiji-fujitsu-jef-ebcdik")``.

Owns the names and the adapters. Nothing is registered by an import. Names begin with ``gaiji-``, since
Python has codecs of its own called ``windows-31j`` or ``shift_jis-2004``, which are found first and read
other characters.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any, Protocol

from gaiji.codes.arguments import ENCODE_ERRORS, TEXT_ERRORS, one_of
from gaiji.codes.spec import charset_names
from gaiji.codes.stream import StreamDecoder
from gaiji.errors import ArgumentError, UndecodableError
from gaiji.errors.messages import fault, tr

PREFIX = "gaiji-"
_registered: dict[str, codecs.CodecInfo] = {}
_shipped: dict[str, tuple[str, Callable[[str], Charset]]] = {}


class Charset(Protocol):
    """What a codec needs of a charset."""

    name: str

    def encode(self, text: str, *, errors: str = ...) -> bytes:
        """See ``gaiji.codes.charset``."""

    def decode_text(self, data: bytes, *, errors: str = ...) -> str:
        """See ``gaiji.codes.charset``."""

    def decoder(self) -> StreamDecoder:
        """See ``gaiji.codes.charset``."""


def register(load: Callable[[str], Charset]) -> None:
    """Make every shipped charset a codec, as ``gaiji-NAME``; each is loaded (``load``) when it is first used.

    Codecs decode as names (role ``name``, form ``needed``). ``errors`` is ``strict`` (UndecodableError or
    UnencodableError, both UnicodeErrors) or ``geta`` (〓); the handlers of ``codecs.register_error`` are
    refused, since they would lose characters silently.
    """
    _shipped.update({_key(PREFIX + name): (name, load) for name in charset_names()})
    _listen()


def register_charset(charset: Charset, name: str = "") -> codecs.CodecInfo:
    """Make one charset, with its site tables, a codec called ``name`` (``gaiji-`` and its own, when it has
    none).

    ArgumentError when Python has a codec of that name already, since that one would be found instead.
    """
    name = name or PREFIX + charset.name
    key = _key(name)
    if key not in _registered and key not in _shipped:
        try:
            codecs.lookup(name)
        except LookupError:
            pass
        else:
            raise ArgumentError(
                fault("E0370", "{name!r} is a codec already", name=name[:40]),
                argument="name",
                next=tr("use {prefix}{charset}", prefix=PREFIX, charset=charset.name),
            )
    _registered[key] = _info(charset, name)
    _listen()
    return _registered[key]


def forget(name: str) -> None:
    """Take one charset away again."""
    _registered.pop(_key(name), None)
    _listen()


def _key(name: str) -> str:
    """A name as Python passes it to those who look for codecs."""
    return name.lower().replace("-", "_").replace(" ", "_")


def _listen() -> None:
    codecs.unregister(_find)  # once, however often it is asked; Python forgets what it found before
    codecs.register(_find)


def _find(name: str) -> codecs.CodecInfo | None:
    key = _key(name)
    if key not in _registered and key in _shipped:
        shipped, load = _shipped[key]
        _registered[key] = _info(load(shipped), PREFIX + shipped)
    return _registered.get(key)


def _info(charset: Charset, name: str) -> codecs.CodecInfo:
    class Incremental(_IncrementalDecoder):
        source = charset

    def encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
        return charset.encode(text, errors=one_of("errors", errors, ENCODE_ERRORS)), len(text)

    def decode(data: Any, errors: str = "strict") -> tuple[str, int]:
        raw = bytes(data)
        return charset.decode_text(raw, errors=one_of("errors", errors, TEXT_ERRORS)), len(raw)

    return codecs.CodecInfo(encode, decode, incrementaldecoder=Incremental, name=name)


class _IncrementalDecoder(codecs.IncrementalDecoder):
    """Chunks cut anywhere, for files: ``codecs.iterdecode`` and ``open``."""

    source: Charset

    def __init__(self, errors: str = "strict") -> None:
        super().__init__(one_of("errors", errors, TEXT_ERRORS))
        self._decoder = self.source.decoder()

    def decode(self, data: Any, final: bool = False) -> str:
        out = self._decoder.feed(bytes(data), final=final)
        if out.findings and self.errors == "strict":
            first = out.findings[0]
            end = first.offset + len(first.code) // 2
            raise UndecodableError(self.source.name, first.code, first.offset, end, first.reason)
        if final:
            self._decoder.reset()
        return out.text

    def reset(self) -> None:
        self._decoder.reset()
