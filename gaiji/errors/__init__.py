"""Exceptions of the toolkit: each has a number and says what happened, where, and what to do next.

Owns the exception classes, their one-line form and the advice to write another word; holds no logic of the
domain. The command line prints ``str(error)`` and exits with ``error.exit_code``; docs/errors.md lists the
numbers. Every error can be pickled, so that it comes back from another process as it was raised.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from gaiji.errors.messages import Fault, fault, tr

LIKE = 55
"""Of 100: how much a word must look like a known one to be proposed in its place."""


def nearest(name: str, known: Collection[str], otherwise: str = "", *, limit: int = 1) -> str:
    """Advice for a word that is none of ``known``: the nearest of them (at most ``limit``), else
    ``otherwise``, else the words themselves."""
    from rapidfuzz import process  # here: importing it costs time that only errors need to spend

    words = {word: word.casefold() for word in known}
    near = process.extract(name[:80].casefold(), words, limit=limit, score_cutoff=LIKE)
    if near:
        return tr("did you mean {names}?", names=", ".join(repr(found[2]) for found in near))
    return otherwise or tr("use one of: {names}", names=", ".join(list(words)[:20]))


def _again(kind: type[GaijiError], args: tuple[Any, ...], state: dict[str, Any]) -> GaijiError:
    """An error as it was, without its constructor, which each class has its own."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class GaijiError(Exception):
    """Base class: ``what`` happened, ``where`` it happened, what to do ``next``, and its stable ``number``.

    ``exit_code`` is 1 (the work failed) or 2 (the caller asked for something impossible).
    """

    exit_code = 1

    def __init__(self, what: Fault, *, where: str = "", next: str = "") -> None:
        self.number = what.number
        self.what = what
        self.where = where
        self.next = next
        line = f"{self.number} {where}: {what}" if where else f"{self.number} {what}"
        super().__init__(f"{line}; {next}" if next else line)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, self.__dict__)


class UsageError(GaijiError):
    """The request itself is wrong: an unknown name, a missing key, a bad value."""

    exit_code = 2


class TableError(GaijiError):
    """A mapping file is wrong. ``line`` and ``column`` count from 1; 0 means the whole file."""

    def __init__(
        self, what: Fault, *, path: Path | str, line: int = 0, column: str = "", next: str = ""
    ) -> None:
        self.path = str(path)
        self.line = line
        self.column = column
        where = self.path + (f":{line}" if line else "") + (f" column {column}" if column else "")
        super().__init__(what, where=where, next=next)


class RepertoireError(GaijiError):
    """The glyph list, or a GJ font or list being imported, cannot be used."""


class CharsetError(UsageError):
    """A charset does not exist or an option of it is wrong."""


class ArgumentError(UsageError, ValueError):
    """An argument of a function has a value that it cannot have; ``argument`` is its name."""

    def __init__(self, what: Fault, *, argument: str, next: str = "") -> None:
        self.argument = argument
        super().__init__(what, where=argument, next=next)


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument of a function has a type that it cannot have."""


class UnknownName(UsageError, KeyError):
    """A look-up by a name, number or index that is not there."""

    def __str__(self) -> str:
        return str(self.args[0])


class UndecodableError(CharsetError, UnicodeError):
    """Bytes that have no sure text, with ``errors="strict"``.

    ``start`` and ``end``: the bytes of the first unit that a person must look at, from 0; ``code``: the unit
    as the review queue names it; ``reason``: why (a finding's reason); ``encoding``: the charset;
    ``findings``: all of them. The bytes themselves are personal data and are not kept.
    """

    def __init__(self, encoding: str, code: str, start: int, end: int, reason: str) -> None:
        self.encoding, self.code, self.reason = encoding, code, reason
        self.start, self.end = start, end
        super().__init__(
            fault("E0387", "{code} at byte {start} is {reason}", code=code, start=start, reason=reason),
            where=encoding,
            next=tr("give a site table that maps it, or decode with errors='findings'"),
        )


class UnencodableError(CharsetError, UnicodeError):
    """Text that has no code, with ``errors="strict"``. ``start`` and ``end`` count code points from 0;
    ``reason`` is a finding's reason; ``points`` the code points of what has none, in hex."""

    def __init__(self, encoding: str, points: str, start: int, end: int, reason: str) -> None:
        self.encoding, self.points, self.reason = encoding, points, reason
        self.start, self.end = start, end
        super().__init__(
            fault(
                "E0388",
                "{encoding} has no code for {points} (character {number})",
                encoding=encoding,
                points=points,
                number=start + 1,
            ),
            next=tr("use errors='geta', or give a site table that maps it"),
        )


class LayoutError(UsageError):
    """A layout or copybook does not describe the records it is used for."""

    def __init__(
        self, what: Fault, *, path: Path | str = "", line: int = 0, field: str = "", next: str = ""
    ) -> None:
        self.path = str(path)
        self.line = line
        self.field = field
        where = self.path + (f":{line}" if line else "")
        if field:
            where = f"{where} field {field}".strip()
        super().__init__(what, where=where, next=next)


class JobError(UsageError):
    """The job file is wrong. ``key`` is the dotted name of the offending key."""

    def __init__(self, what: Fault, *, path: Path | str = "", key: str = "", next: str = "") -> None:
        self.path = str(path)
        self.key = key
        where = str(path) + (f" key {key}" if key else "")
        super().__init__(what, where=where.strip(), next=next)


class RecordError(GaijiError):
    """The input cannot be cut into records.

    ``record`` counts from 1, ``offset`` is the byte offset in the input from 0, ``raw`` holds up to
    16 of the bytes found there (record headers and control bytes, never a whole field).
    """

    def __init__(
        self, what: Fault, *, path: Path | str, record: int, offset: int, raw: bytes = b"", next: str = ""
    ) -> None:
        self.path = str(path)
        self.record = record
        self.offset = offset
        self.raw = bytes(raw[:16])
        where = f"{path}: record {record} at byte {offset}"
        if self.raw:
            where += f" (bytes {self.raw.hex(' ')})"
        super().__init__(what, where=where, next=next)


class DataError(GaijiError):
    """A finding whose policy is ``fail``, or counts that do not reconcile."""


class OutputError(GaijiError):
    """An output, queue or quarantine file cannot be written."""


class ResumeError(GaijiError):
    """An interrupted run cannot be gone on with: what it read, wrote or was told has changed since."""


class QueueError(GaijiError):
    """The review queue cannot be opened or does not fit what is written to it."""


class ShapeError(GaijiError):
    """A font or picture cannot be used to identify a glyph by its shape."""


class MissingExtra(UsageError):
    """A feature needs an optional package; ``extra`` names the extra that installs it."""

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            fault("E0001", "{feature} needs an optional package", feature=feature),
            next=f"pip install 'gaiji[{extra}]'",
        )


class PictureError(GaijiError):
    """A file that is no picture, no font, or not of the size it should have."""
