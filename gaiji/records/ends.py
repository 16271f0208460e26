"""What the first bytes of a text file say about its line ends and its byte order mark.

Owns the judgement that lines and CSV are surely ended otherwise than the job names, or are in another charset
than its own. Cuts nothing; what is said about it is ``cutter``'s.
"""

from __future__ import annotations

from gaiji.records.batch import Framing

MARKS = {"unicode-utf8": b"\xef\xbb\xbf", "unicode-le": b"\xff\xfe", "unicode-be": b"\xfe\xff"}
"""Byte order marks, by the charset that a file with it is in."""
CODECS = {"unicode-utf8": "utf-8", "unicode-le": "utf-16-le", "unicode-be": "utf-16-be"}


def foreign_mark(head: bytes, ended: bool, own: bytes) -> str:
    """The charset whose mark a file begins with, where that is not its own mark and the bytes are in it."""
    for charset, mark in MARKS.items():
        if mark == own or not head.startswith(mark):
            continue
        text = head if ended else head[:-4]
        try:
            text.decode(CODECS[charset])
        except UnicodeDecodeError:
            continue
        return charset
    return ""


def other_end(head: bytes, framing: Framing) -> str:
    """The value of ``newline`` that lines and CSV need, where it is surely not the one that the job has.

    None said: LF or CR LF, but in EBCDIC, which has ends of its own, LF alone. Said: any but that one is
    text, so only a file without it, but with others, is in question.
    """
    found = _counts(head, framing)
    said = framing.newline
    if said == "none":
        if framing.ebcdic:
            own = max(("15", "25"), key=lambda name: found[name])
            return own if found[own] else "crlf" if found["crlf"] else "cr" if _only_cr(found) else ""
        return "cr" if _only_cr(found) else ""
    if found[said]:
        return ""
    others = {
        name: count for name, count in found.items() if count and (framing.ebcdic or not name.isdigit())
    }
    return max(others, key=lambda name: others[name], default="")


def _only_cr(found: dict[str, int]) -> bool:
    return bool(found["cr"]) and not found["lf"] and not found["crlf"]


def _counts(head: bytes, framing: Framing) -> dict[str, int]:
    """How often each line end stands there."""
    text = head
    if framing.unit == 2:
        codec = "utf-16-be" if framing.big else "utf-16-le"
        text = head.decode(codec, "replace").encode("utf-8", "replace")
    crlf = text.count(b"\r\n")
    out = {"crlf": crlf, "lf": text.count(b"\n") - crlf, "cr": text.count(b"\r") - crlf}
    return out | {"15": text.count(b"\x15"), "25": text.count(b"\x25")}
