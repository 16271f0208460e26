"""The tables of Windows-31J, eucJP-ms, EUC-JIS-2004 and Shift_JIS-2004.

Owns the enumeration of Python's codecs and glibc's eucJP-ms, their flags, and the glyph columns: Windows
data may have been typed on fonts of either shape, so its changed characters are ambiguous until the charset
name says which.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable, Iterable
from functools import cache

import sources
from hosts import area
from ibm import hana_source, mojidata_source
from identity import Identity, is_kanji
from rows import DECODE_ONLY, ENCODE_ONLY, ROUND_TRIP, Print, Row, Table, byte_ranges, once_each

Decoder = Callable[[bytes], str | None]
Encoder = Callable[[str], bytes | None]
CP932_TRAIL = ["40-7E", "80-FC"]
# Plane 2 of JIS X 0213 has these rows only. Python's codec reads JIS X 0212 in the rows between, which
# EUC-JIS-2004 does not have.
PLANE2_ROWS = (1, 3, 4, 5, 8, 12, 13, 14, 15, *range(78, 95))


def python_codec(name: str) -> tuple[Decoder, Encoder]:
    """A Python codec as two functions that answer None for what it does not have."""

    def decode(code: bytes) -> str | None:
        try:
            return code.decode(name)
        except UnicodeDecodeError:
            return None

    def encode(text: str) -> bytes | None:
        try:
            return text.encode(name)
        except UnicodeEncodeError:
            return None

    return decode, encode


class Glibc:
    """glibc's ``iconv`` called directly, one string at a time."""

    def __init__(self, source: str, target: str) -> None:
        self._libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
        self._libc.iconv_open.restype = ctypes.c_void_p
        self._libc.iconv.restype = ctypes.c_ssize_t
        self._libc.iconv.argtypes = [ctypes.c_void_p] + [ctypes.c_void_p] * 4
        self._cd = self._libc.iconv_open(target.encode(), source.encode())
        if self._cd in (None, ctypes.c_void_p(-1).value):
            raise sources.SourceError(f"glibc here has no converter from {source} to {target}")

    def __call__(self, data: bytes) -> bytes | None:
        """The converted bytes, or None when any of it cannot be converted or was converted with loss."""
        self._libc.iconv(self._cd, None, None, None, None)
        inner, outer = ctypes.create_string_buffer(data, len(data)), ctypes.create_string_buffer(64)
        at, left = ctypes.c_void_p(ctypes.addressof(inner)), ctypes.c_size_t(len(data))
        out, room = ctypes.c_void_p(ctypes.addressof(outer)), ctypes.c_size_t(64)
        answer = self._libc.iconv(
            self._cd, ctypes.byref(at), ctypes.byref(left), ctypes.byref(out), ctypes.byref(room)
        )
        if answer or left.value:
            return None
        if self._libc.iconv(self._cd, None, None, ctypes.byref(out), ctypes.byref(room)) < 0:
            return None
        return outer.raw[: 64 - room.value]


def glibc_codec(name: str) -> tuple[Decoder, Encoder]:
    """A glibc converter as two functions."""
    to_ucs, from_ucs = Glibc(name, "UTF-32BE"), Glibc("UTF-32BE", name)

    def decode(code: bytes) -> str | None:
        answer = to_ucs(code)
        return answer.decode("utf-32-be") if answer else None

    return decode, lambda text: from_ucs(text.encode("utf-32-be"))


def glibc_version() -> str:
    """The version of glibc in use."""
    libc = ctypes.CDLL(None)
    libc.gnu_get_libc_version.restype = ctypes.c_char_p
    return str(libc.gnu_get_libc_version().decode())


@cache
def every_text() -> tuple[str, ...]:
    """Every assigned-looking character that a Japanese charset may hold."""
    spans = (range(0x20, 0xD800), range(0xF900, 0xFFFE), range(0x1F000, 0x33480))
    return tuple(chr(cp) for span in spans for cp in span)


def grid(leads: Iterable[int], trails: Iterable[int], prefix: bytes = b"") -> list[bytes]:
    """Codes of a rectangle."""
    cells = list(trails)
    return [prefix + bytes((lead, trail)) for lead in leads for trail in cells]


def entries(codes: list[bytes], codec: tuple[Decoder, Encoder]) -> list[tuple[bytes, str, int]]:
    """(code, text, flag) for the codes, with encode-only entries; the private use area is left out."""
    decode, encode = codec
    wanted = set(codes)
    out = []
    for code in codes:
        text = decode(code)
        if not text or any("\ue000" <= ch <= "\uf8ff" for ch in text):
            continue
        out.append((code, text, ROUND_TRIP if encode(text) == code else DECODE_ONLY))
    have = {(code, text) for code, text, _ in out}
    decodes = {code for code, _, _ in out}
    for text in every_text():
        encoded = encode(text)
        if encoded in wanted and encoded in decodes and (encoded, text) not in have:
            out.append((encoded, text, ENCODE_ONLY))
    return sorted(out)


def _source(name: str, version: str, licence: str, what: str) -> dict[str, str]:
    return {"name": name, "version": version, "licence": licence, "what": what}


def _python(name: str) -> dict[str, str]:
    return _source(f"Python codec {name}", sources.python_version(), "PSF-2.0", "codes, texts and flags")


def _half(found: list[tuple[bytes, str, int]]) -> list[Row]:
    return [Row(code, Print(text), flag) for code, text, flag in found]


def _rows(found: list[tuple[bytes, str, int]], identity: Identity, edition: str) -> list[Row]:
    kept = [e for e in found if e[2] != ENCODE_ONLY or not is_kanji(e[1])]
    return once_each([Row(code, identity.print_ucs(text, edition), flag) for code, text, flag in kept])


def _microsoft_order(code: bytes) -> int:
    """Which of several codes Windows writes: JIS, NEC row 13, IBM extension, then NEC's copy of that."""
    return 1 if code[0] == 0x87 else 2 if code[0] >= 0xFA else 3 if code[0] in (0xED, 0xEE) else 0


def _as_windows_writes(
    found: list[tuple[bytes, str, int]], identity: Identity
) -> list[tuple[bytes, str, int]]:
    """The flags that Windows has; Python's codec writes NEC's copy (ED40) of an IBM extension instead."""
    codes: dict[str, list[tuple[int, bytes]]] = {}
    for code, text, flag in found:
        if flag != ENCODE_ONLY:
            codes.setdefault(text, []).append((_microsoft_order(code), code))
    out = []
    for code, text, flag in found:
        first = min(codes.get(text, [(0, code)]))[1]
        if flag == ROUND_TRIP and code != first:
            identity.dispute(
                "windows/cp932",
                code.hex().upper(),
                "flag 3",
                "Windows, glibc CP932",
                "flag 0",
                "Python cp932",
                "flag 3",
                f"the character is also at {first.hex().upper()}, which Windows writes",
            )
        out.append(
            (code, text, flag if flag == ENCODE_ONLY else ROUND_TRIP if code == first else DECODE_ONLY)
        )
    return out


def windows(identity: Identity) -> list[Table]:
    """Windows-31J with its changed characters ambiguous, and two overlays that say which shape."""
    codec = python_codec("cp932")
    single = entries([bytes((b,)) for b in [*range(0x80), *range(0xA1, 0xE0)]], codec)
    trails = [*range(0x40, 0x7F), *range(0x80, 0xFD)]
    double = entries(grid([*range(0x81, 0xA0), *range(0xE0, 0xF0), *range(0xFA, 0xFD)], trails), codec)
    double = _as_windows_writes(double, identity)
    plain: list[Row] = []
    overlays: dict[str, list[Row]] = {"jis90": [], "jis2004": []}
    for code, text, flag in double:
        shapes = {edition: identity.print_ucs(text, edition) for edition in overlays}
        new, old = shapes["jis2004"], shapes["jis90"]
        if new.glyphs == old.glyphs:
            plain.append(Row(code, new, flag))
            continue
        candidates = tuple(dict.fromkeys((*new.glyphs, *old.glyphs)))
        plain.append(Row(code, Print(text, candidates, "shape changed in 2004"), flag))
        for edition, found in shapes.items():
            overlays[edition].append(Row(code, found, flag))
    ranges = [
        area("standard", ["81-9F", "E0-EF"], CP932_TRAIL),
        area("extension", "FA-FC", CP932_TRAIL, note="IBM extensions"),
        area("user", "F0-F9", CP932_TRAIL, pua={"linear": "E000", "windows": "E000"}),
    ]
    made = [_python("cp932"), mojidata_source(), hana_source()]
    said = (
        "The glyph that JIS X 0208:1990 and JIS X 0213:2004 both print; where they differ, both, 2004 first."
    )
    tables = [
        Table(
            "windows/cp932-single",
            "Windows-31J single bytes",
            "CP932",
            "cp932",
            "Single bytes; no kanji.",
            _half(single),
            [{"kind": "standard", "trail": ["00-7F", "A1-DF"]}],
            made[:1],
        ),
        Table(
            "windows/cp932",
            "Windows-31J double bytes",
            "CP932",
            "cp932",
            said,
            once_each(plain),
            ranges,
            made,
        ),
    ]
    for edition, title in (("jis90", "JIS X 0208:1990"), ("jis2004", "JIS X 0213:2004")):
        tables.append(
            Table(
                f"windows/cp932-{edition}",
                f"Windows-31J: changed characters in the shape of {title}",
                "CP932",
                edition,
                f"The glyph that {title} prints.",
                once_each(overlays[edition]),
                [ranges[0]],
                made,
            )
        )
    return tables


def euc(identity: Identity) -> list[Table]:
    """eucJP-ms by glibc; EUC-JIS-2004 by Python."""
    graphic = range(0xA1, 0xFF)
    kana = grid([0x8E], range(0xA1, 0xE0))
    codec = glibc_codec("EUC-JP-MS")
    made = [
        _source(
            "glibc iconv EUC-JP-MS",
            f"glibc {glibc_version()}",
            "LGPL-2.1 (facts only)",
            "codes, texts, flags",
        ),
        mojidata_source(),
        hana_source(),
    ]
    said = (
        "The glyph that JIS X 0208:1990 prints (the charset is of the 1990s), JIS X 0212's registered "
        "glyph, else the glyph that MJ implements at the code point."
    )
    sign = area("standard", "8E", "A1-DF", note="SS2: half-width kana")
    tables = [
        Table(
            "euc/ascii",
            "EUC single bytes",
            "EUC",
            "ascii",
            "Single bytes; no kanji.",
            _half(entries([bytes((b,)) for b in range(0x80)], python_codec("ascii"))),
            [{"kind": "standard", "trail": ["00-7F"]}],
            [_python("ascii")],
        ),
        Table(
            "euc/eucjp-ms",
            "eucJP-ms, code sets 1 and 2",
            "EUCMS",
            "glibc",
            said,
            _rows(entries([*kana, *grid(range(0xA1, 0xF5), graphic)], codec), identity, "jis90"),
            [
                sign,
                area("standard", "A1-F4", "A1-FE"),
                area("user", "F5-FE", "A1-FE", pua={"linear": "E000", "windows": "E000"}),
            ],
            made,
        ),
        Table(
            "euc/eucjp-ms-x0212",
            "eucJP-ms, code set 3",
            "EUCMS",
            "glibc",
            said,
            _rows(entries(grid(range(0xA1, 0xF5), graphic, b"\x8f"), codec), identity, "jis90"),
            [
                area("standard", "A1-F4", "A1-FE", prefix="8F"),
                area("user", "F5-FE", "A1-FE", prefix="8F", pua={"linear": "E3AC", "windows": "E3AC"}),
            ],
            made,
        ),
    ]
    python = [_python("euc_jis_2004"), mojidata_source(), hana_source()]
    codec = python_codec("euc_jis_2004")
    first = entries([*kana, *grid(graphic, graphic)], codec)
    plane2 = [row + 0xA0 for row in PLANE2_ROWS]
    second = entries(grid(plane2, graphic, b"\x8f"), codec)
    tables += [
        Table(
            "euc/jis2004-plane1",
            "EUC-JIS-2004, plane 1 and kana",
            "EUC2004",
            "jis2004",
            X0213_IDENTITY,
            _x0213_rows(first, identity),
            [sign, area("standard", "A1-FE", "A1-FE")],
            python,
        ),
        Table(
            "euc/jis2004-plane2",
            "EUC-JIS-2004, plane 2",
            "EUC2004",
            "jis2004",
            X0213_IDENTITY,
            _x0213_rows(second, identity),
            [area("standard", byte_ranges(plane2), "A1-FE", prefix="8F")],
            python,
        ),
    ]
    return tables


X0213_IDENTITY = (
    "The MJ glyph that the list gives as the unmodified character of the JIS X 0213:2004 code (包摂区分 "
    "0); where several are, the one of the outline that Adobe-Japan1 gives the 2004 print."
)


def _x0213_rows(found: list[tuple[bytes, str, int]], identity: Identity) -> list[Row]:
    """Rows of an X0213 charset: the glyph comes from the code, found by encoding the text in EUC."""
    out = []
    for code, text, flag in found:
        if len(text) > 1 or not is_kanji(text):
            out.append(Row(code, Print(text), flag))
            continue
        if flag == ENCODE_ONLY:
            continue
        euc_code = text.encode("euc_jis_2004")
        plane = 2 if len(euc_code) == 3 else 1
        row, cell = euc_code[-2] - 0xA0, euc_code[-1] - 0xA0
        out.append(Row(code, identity.print2004(plane, row, cell, text), flag))
    return once_each(out)


def sjis2004(identity: Identity) -> list[Table]:
    """Shift_JIS-2004."""
    codec = python_codec("shift_jis_2004")
    single = entries([bytes((b,)) for b in [*range(0x80), *range(0xA1, 0xE0)]], codec)
    trails = [*range(0x40, 0x7F), *range(0x80, 0xFD)]
    double = entries(grid([*range(0x81, 0xA0), *range(0xE0, 0xFD)], trails), codec)
    # Python gives 815F and 81B0 the ASCII characters, as the single bytes 5C and 7E are ¥ and ‾; a double
    # byte is a full-width character in every other charset here.
    wide = {b"\x81\x5f": "\uff3c", b"\x81\xb0": "\uff5e"}
    double = [(code, wide.get(code, text), flag) for code, text, flag in double]
    made = [_python("shift_jis_2004"), mojidata_source(), hana_source()]
    return [
        Table(
            "windows/shift-jis-2004-single",
            "Shift_JIS-2004 single bytes",
            "SJIS2004",
            "jis2004",
            "Single bytes; no kanji.",
            _half(single),
            [{"kind": "standard", "trail": ["00-7F", "A1-DF"]}],
            made[:1],
        ),
        Table(
            "windows/shift-jis-2004",
            "Shift_JIS-2004 double bytes",
            "SJIS2004",
            "jis2004",
            X0213_IDENTITY,
            _x0213_rows(double, identity),
            [area("standard", ["81-9F", "E0-FC"], CP932_TRAIL)],
            made,
        ),
    ]
