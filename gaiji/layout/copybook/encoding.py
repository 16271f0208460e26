"""The bytes of a copybook file as text: which encoding they are in.

Owns the encodings that copybooks come in, and what is said of one that is not read. Knows no COBOL.
"""

from __future__ import annotations

from pathlib import Path

from gaiji.errors import LayoutError
from gaiji.errors.messages import fault, tr
from gaiji.model.pattern import Pattern

ENCODINGS = {
    "utf-8": "utf-8-sig",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
"""What ``copybook_encoding`` of a job can be, and Python's name for it."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HALF_KANA = Pattern(r"[\uFF61-\uFF9F]")
_WIDE = Pattern(r"[^\x00-\x7F]")
_EUC = Pattern(rb"(?s)[\x00-\x7f]|\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2}|[\xa1-\xfe]{2}")
_EUC_OWN = Pattern(rb"(?s)\x8f[\xf5-\xfe].|[\xf5-\xfe].")
_GETA_EUC = "〓".encode("euc_jp")


def copybook_text(raw: bytes, path: Path, encoding: str = "") -> str:
    """The text of a copybook file; ``encoding``: one of ``ENCODINGS``, where the user says which.

    A byte order mark decides; UTF-16 without one is known by its zeros, UTF-8 by its form. Shift_JIS and
    EUC-JP share bytes: where both are possible, that one in which the names are written with everyday
    characters is taken, and none where that holds of both. Raises LayoutError.
    """
    wanted = encoding or _found(raw, path)
    try:
        text = _decode(raw, wanted)
    except UnicodeDecodeError as error:
        raise LayoutError(
            fault("E0474", "is not {encoding} at byte {at}", encoding=wanted, at=error.start),
            path=path,
            next=tr("correct copybook_encoding in [source], or save it as UTF-8"),
        ) from error
    return text.removeprefix("\ufeff")


def _decode(raw: bytes, encoding: str) -> str:
    if encoding == "euc-jp":  # characters of one's own, which only comments hold, have no meaning here
        tokens = _EUC.findall(raw)
        if sum(map(len, tokens)) == len(raw):
            raw = b"".join(_GETA_EUC if _EUC_OWN.fullmatch(token) else token for token in tokens)
    return raw.decode(ENCODINGS[encoding])


def _found(raw: bytes, path: Path) -> str:
    """The encoding that the bytes show; LayoutError where they show none, or more than one."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding
    if b"\0" in raw:
        return _with_zeros(raw, path)
    if _readable(raw, "utf-8"):
        return "utf-8"
    if _ebcdic(raw):
        raise _ebcdic_error(path)
    able = [name for name in ("shift_jis", "euc-jp") if _readable(raw, name)]
    usual = [name for name in able if _usual(_decode(raw, name), name)]
    if len(able) == 1 or len(usual) == 1:
        return (usual or able)[0]
    if not able:
        raise LayoutError(
            fault("E0475", "is in no encoding that is known here (UTF-8, UTF-16, Shift_JIS, EUC-JP)"),
            path=path,
            next=tr("save it as UTF-8"),
        )
    raise LayoutError(
        fault("E0476", "may be Shift_JIS or EUC-JP: its bytes are characters in both"),
        path=path,
        next=tr('set copybook_encoding = "shift_jis" or "euc-jp" in [source]'),
    )


def _with_zeros(raw: bytes, path: Path) -> str:
    """UTF-16 without a mark has most of its zeros in one half of the pairs; other text has none."""
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if len(raw) % 2 == 0 and max(even, odd) * 5 > len(raw) and min(even, odd) * 10 < max(even, odd):
        return "utf-16-be" if even > odd else "utf-16-le"
    if _ebcdic(raw):
        raise _ebcdic_error(path)
    raise LayoutError(
        fault("E0475", "is in no encoding that is known here (UTF-8, UTF-16, Shift_JIS, EUC-JP)"),
        path=path,
        next=tr("save it as UTF-8"),
    )


def _readable(raw: bytes, encoding: str) -> bool:
    try:
        _decode(raw, encoding)
    except UnicodeDecodeError:
        return False
    return True


def _ebcdic(raw: bytes) -> bool:
    """Whether most of a text are EBCDIC's blanks, digits and capitals, and its blanks are not ASCII's."""
    usual = sum(raw.count(byte) for byte in (0x40, 0x4B, *range(0xF0, 0xFA), *range(0xC1, 0xC7)))
    return raw.count(0x40) > raw.count(0x20) and usual * 2 > len(raw)


def _ebcdic_error(path: Path) -> LayoutError:
    return LayoutError(
        fault("E0477", "is EBCDIC, as a binary transfer from a host leaves it"),
        path=path,
        next=tr("transfer it as text, or convert it to UTF-8 with the host's code page (with line ends)"),
    )


def _usual(text: str, encoding: str) -> bool:
    """Whether what is not ASCII reads like the names of items: kana, everyday kanji, full-width signs; in
    Shift_JIS half-width kana alone, too."""
    wide = _WIDE.findall(text)
    half = _HALF_KANA.findall(text)
    if half and len(half) < len(wide) and encoding == "shift_jis":
        return False
    return bool(wide) and sum(_everyday(c) for c in wide) >= 0.9 * len(wide)


def _everyday(char: str) -> bool:
    """Kana, full-width letters, and kanji of the first level of JIS X 0208 (rows 16 to 47)."""
    if "\uff61" <= char <= "\uff9f":
        return True
    try:
        code = char.encode("euc_jp")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and (0xA1 <= code[0] <= 0xA5 or 0xB0 <= code[0] <= 0xCF)
