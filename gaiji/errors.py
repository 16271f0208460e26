"""Exceptions of the toolkit: each says what happened, where, and what to do next.

Owns the exception classes and their one-line form; holds no logic of the domain.
The command line prints ``str(error)`` and exits with ``error.exit_code``.
"""

from __future__ import annotations

from pathlib import Path


class GaijiError(Exception):
    """Base class: ``what`` happened, ``where`` it happened, what to do ``next``.

    ``exit_code`` is 1 (the work failed) or 2 (the caller asked for something impossible).
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", next: str = "") -> None:
        self.what = what
        self.where = where
        self.next = next
        line = f"{where}: {what}" if where else what
        super().__init__(f"{line}; {next}" if next else line)


class UsageError(GaijiError):
    """The request itself is wrong: an unknown name, a missing key, a bad value."""

    exit_code = 2


class TableError(GaijiError):
    """A mapping file is wrong. ``line`` and ``column`` count from 1; 0 means the whole file."""

    def __init__(
        self, what: str, *, path: Path | str, line: int = 0, column: str = "", next: str = ""
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


class LayoutError(UsageError):
    """A layout or copybook does not describe the records it is used for."""

    def __init__(
        self, what: str, *, path: Path | str = "", line: int = 0, field: str = "", next: str = ""
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

    def __init__(self, what: str, *, path: Path | str = "", key: str = "", next: str = "") -> None:
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
        self, what: str, *, path: Path | str, record: int, offset: int, raw: bytes = b"", next: str = ""
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
        super().__init__(f"{feature} needs an optional package", next=f"pip install 'gaiji[{extra}]'")


class PictureError(GaijiError):
    """A file that is no picture, no font, or not of the size it should have."""
