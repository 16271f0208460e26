"""Cuts whole files into records, plainly.

Owns fixed records with and without line ends, lines, variable records with and without block descriptors, and
delimited text. A file that cannot be cut is a ValueError: the dumps that are made here all can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NEWLINES = {"none": b"", "lf": b"\n", "crlf": b"\r\n"}


def fixed(data: bytes, length: int, newline: str = "none") -> list[bytes]:
    """Records of one length; the last may lack its line end."""
    ending = NEWLINES[newline]
    out = []
    while data:
        record, found, data = data[:length], data[length : length + len(ending)], data[length + len(ending) :]
        if len(record) < length or (found != ending and (data or found)):
            raise ValueError(f"record {len(out) + 1}")
        out.append(record)
    return out


def variable(data: bytes, *, blocked: bool = False) -> list[bytes]:
    """Records behind their descriptors: a big-endian length that counts itself, and two zero bytes."""
    if blocked:
        return [record for block in variable(data) for record in variable(block)]
    out = []
    while data:
        length = int.from_bytes(data[:2], "big")
        if length < 4 or data[2:4] != b"\0\0" or length > len(data):
            raise ValueError(f"record {len(out) + 1}")
        out.append(data[4:length])
        data = data[length:]
    return out


def lines(data: bytes, charset_kind: str = "", newline: str = "") -> list[bytes]:
    """What LF or CR LF ends, or the one end that is named; characters of two bytes are cut between characters
    only."""
    if newline:
        ending = {"lf": b"\n", "crlf": b"\r\n", "15": b"\x15", "25": b"\x25"}[newline]
        return _split(data, ending, ending)
    if charset_kind.startswith("utf-16"):
        order = charset_kind[-2:]
        text = data.decode(f"utf-16-{order}", "surrogatepass").removeprefix("\ufeff")
        return [line.encode(f"utf-16-{order}", "surrogatepass") for line in _split(text, "\r\n", "\n")]
    return _split(data.removeprefix(b"\xef\xbb\xbf"), b"\r\n", b"\n")


def _split(data, crlf, lf):  # type: ignore[no-untyped-def]
    """Text or bytes at LF, each piece without a CR at its end."""
    pieces = data.replace(crlf, lf).split(lf)
    return pieces if pieces[-1] else pieces[:-1]


def delimited(
    units: Sequence[bytes], delimiter: bytes, quote: bytes, cr: bytes, lf: bytes
) -> list[list[bytes]]:
    """Cells of rows; ``units`` are the characters of the file, so that no second half is taken for a delimiter."""
    marks = {delimiter: "D", quote: "Q", cr: "C", lf: "L"}
    shape = "".join(marks.get(unit, "x") for unit in units)
    rows: list[list[bytes]] = [[]]
    at = 0
    cell = re.compile(r"(?:Q((?:[^Q]|QQ)*)Q|([^DL]*?))(D|C?L|\Z)")
    while at < len(shape):
        found = cell.match(shape, at)
        if found is None:
            raise ValueError(f"record {len(rows)}")
        group = 1 if found.group(1) is not None else 2
        rows[-1].append(_undouble(units[found.start(group) : found.end(group)], quote if group == 1 else b""))
        at = found.end()
        if found.group(3).endswith("L"):
            rows.append([])
        elif found.group(3) == "D" and at == len(shape):
            rows[-1].append(b"")
    return [row for row in rows if row and (len(row) > 1 or row[0])]


def _undouble(units: Sequence[bytes], quote: bytes) -> bytes:
    out = list(units)
    if quote:
        at = 0
        while at < len(out):
            if out[at] == quote:
                del out[at + 1]
            at += 1
    return b"".join(out)


def characters(data: bytes, kind: str, leads: dict[int, int], trails: set[int]) -> list[bytes]:
    """The characters of a file, as far as a delimiter needs them."""
    width = 2 if kind.startswith("utf-16") else 1
    out, at = [], 0
    while at < len(data):
        size = width
        if kind == "lead-byte" and (more := leads.get(data[at], 1)) > 1:
            tail = data[at + 1 : at + more]
            size = more if len(tail) == more - 1 and all(b in trails for b in tail) else 1
        out.append(data[at : at + size])
        at += size
    return out
