"""The tables of IBM's Japanese EBCDIC charsets, from ICU's converters.

Owns which converter becomes which table, the glyph column and the user-defined areas. The flags are ICU's
own (``icu.py``).
"""

from __future__ import annotations

from typing import Any

import icu
import sources
from identity import Identity, is_kanji
from rows import ENCODE_ONLY, ROUND_TRIP, Print, Row, Table, once_each

IDENTITY = (
    "Text from ICU. Kanji of JIS X 0208 get the glyph that JIS X 0208:1990 prints, because IBM's host "
    "tables and fonts predate JIS X 0213:2004; kanji of JIS X 0212 the glyph registered for it; others "
    "the glyph that MJ implements at the code point."
)
TRAIL = ["41-FE"]


def icu_source(converter: str, what: str) -> dict[str, str]:
    """The ``[[source]]`` of a table made from an ICU converter."""
    return {
        "name": f"ICU converter {converter}",
        "version": f"ICU {sources.uconv_version()}",
        "licence": "Unicode-3.0",
        "what": what,
    }


def mojidata_source(what: str = "MJ glyph names and sequences") -> dict[str, str]:
    """The ``[[source]]`` of the glyph column."""
    pin = sources.MOJIDATA
    return {
        "name": pin.name,
        "version": pin.version,
        "sha256": pin.sha256,
        "licence": pin.licence,
        "what": what,
    }


def hana_source() -> dict[str, str]:
    """The ``[[source]]`` of decisions by outline."""
    pin = sources.HANAZONO
    return {
        "name": pin.name,
        "version": pin.version,
        "sha256": pin.sha256,
        "licence": pin.licence,
        "what": "equality of outlines decides between forms of one character",
    }


def rows_of(entries: list[icu.Entry], identity: Identity, edition: str) -> list[Row]:
    """Rows with glyphs.

    ICU's encode-only kanji (鹼 written as the code of 鹸) are left out: they would change a name.
    """
    kept = [e for e in entries if e[2] != ENCODE_ONLY or not is_kanji(e[1])]
    rows = [Row(code, identity.print_ucs(text, edition), flag) for code, text, flag in kept]
    full = {row.print.text for row in rows if row.flag == ROUND_TRIP}
    return [r for r in once_each(rows) if r.flag != ENCODE_ONLY or r.print.text not in full]


def substituted(entries: list[icu.Entry]) -> list[tuple[bytes, str, str]]:
    """(code, the code's own text, the kanji that ICU would also write as that code)."""
    own = {code: text for code, text, flag in entries if flag != ENCODE_ONLY}
    return [(c, own[c], t) for c, t, flag in entries if flag == ENCODE_ONLY and is_kanji(t)]


def plain_rows(entries: list[icu.Entry]) -> list[Row]:
    """Single-byte rows."""
    return [Row(code, Print(text), flag) for code, text, flag in entries]


def single_table(
    table_id: str, title: str, edition: str, rows: list[Row], made: list[dict[str, str]]
) -> Table:
    """A table of single bytes."""
    whole = [{"kind": "standard", "trail": ["00-FF"]}]
    return Table(table_id, title, "EBCDIC", edition, "Single bytes; no kanji.", rows, whole, made)


def user_table(table_id: str, title: str, system: str, ranges: list[dict[str, Any]]) -> Table:
    """A table without rows that declares a user-defined area."""
    return Table(table_id, title, system, "user-defined area", "No rows: the site's own 外字.", [], ranges)


def build(identity: Identity) -> list[Table]:
    """All IBM tables."""
    single_930, _ = icu.converter_table("ibm-930_P120-1999")
    single_939, double_300 = icu.converter_table("ibm-939_P120-1999")
    single_1390, _ = icu.converter_table("ibm-1390_P110-2003")
    single_1399, double_1399 = icu.converter_table("ibm-1399_P110-2003")
    mj, hana = mojidata_source(), hana_source()
    tables = []
    for code, own, other in substituted(double_300):
        identity.dispute(
            "ibm/300",
            code.hex().upper(),
            other,
            "ICU fallback",
            own,
            "ICU round trip",
            own,
            "encoding the other character as this code would change a name; the fallback is left out",
        )
    for number, converter, entries in (
        ("290", "ibm-930_P120-1999", single_930),
        ("1027", "ibm-939_P120-1999", single_939),
        ("8482", "ibm-1390_P110-2003", single_1390),
        ("5123", "ibm-1399_P110-2003", single_1399),
    ):
        title = f"IBM CCSID {number}: the single-byte half of {converter}"
        made = [icu_source(converter, "codes, texts and flags of the single bytes")]
        tables.append(single_table(f"ibm/{number}", title, number, plain_rows(entries), made))
    for table_id, title, converter, entries, lead in (
        (
            "ibm/300",
            "IBM CCSID 300: the double-byte half of 930 and 939",
            "ibm-939_P120-1999",
            double_300,
            "41-68",
        ),
        (
            "ibm/16684",
            "IBM CCSID 16684: the double-byte half of 1390 and 1399",
            "ibm-1399_P110-2003",
            double_1399,
            "41-68",
        ),
    ):
        ranges: list[dict[str, Any]] = [
            {"kind": "standard", "lead": "40", "trail": ["40"]},
            {"kind": "standard", "lead": lead, "trail": TRAIL},
        ]
        if table_id == "ibm/16684":
            ranges.append({"kind": "extension", "lead": "B3-EC", "trail": TRAIL})
        made = [icu_source(converter, "codes, texts and flags of the double bytes"), mj, hana]
        rows = rows_of(entries, identity, "jis90")
        tables.append(Table(table_id, title, "IBM", table_id[4:], IDENTITY, rows, ranges, made))
    return tables + _user_areas()


def _user_areas() -> list[Table]:
    # IBM's rows have 190 cells; "windows" names the first 1,880 codes only, which is what Windows has.
    first: list[dict[str, Any]] = [
        {"kind": "user", "lead": "69-71", "trail": ["41-FE"], "pua": {"linear": "E000", "windows": "E000"}},
        {"kind": "user", "lead": "72", "trail": ["41-EA"], "pua": {"linear": "E6AE", "windows": "E6AE"}},
    ]
    rest: list[dict[str, Any]] = [
        {"kind": "user", "lead": "72", "trail": ["EB-FE"], "pua": {"linear": "E758"}},
        {"kind": "user", "lead": "73-7F", "trail": ["41-FE"], "pua": {"linear": "E76C"}},
    ]
    more: list[dict[str, Any]] = [
        {"kind": "user", "lead": "80-88", "trail": ["41-FE"], "pua": {"linear": "F112"}},
        {"kind": "user", "lead": "89", "trail": ["41-BD"], "pua": {"linear": "F7C0"}},
    ]
    return [
        user_table("ibm/user-1880", "User-defined 6941-72EA of 5026 and 5035 (1,880)", "IBM", [*first]),
        user_table("ibm/user-4370", "User-defined 6941-7FFE of 930 and 939 (4,370)", "IBM", [*first, *rest]),
        user_table(
            "ibm/user-6205", "User-defined 6941-89BD of 1390 and 1399 (6,205)", "IBM", [*first, *rest, *more]
        ),
    ]
