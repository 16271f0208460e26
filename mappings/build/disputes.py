"""``mappings/disputes.tsv``: every row on which two sources disagree, what was chosen, and why.

Owns the comparison of the generated tables with other converters, and the list of known slips of published
references. A disagreement about the glyph has glyph names instead of code points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import icu
from codecs_tables import Decoder, glibc_codec, python_codec
from identity import Identity
from rows import ENCODE_ONLY, Row, Table, hex_text

HERE = Path(__file__).resolve().parent
HEADER = "table\tcode\tucs_a\tsource_a\tucs_b\tsource_b\tchosen\twhy\n"
COMPATIBILITY = (
    "a CJK compatibility ideograph turns silently into the unified one under NFC; the MJ list's sequence "
    "names the same glyph and is kept"
)
DASH = "signs differ by vendor: the table keeps its source's, the charset option dash rewrites dashes"
OTHER_SOURCE = "the source named in the table's toml is kept"


def shifted(decode: Decoder) -> Decoder:
    """A decoder of one double byte by a stateful converter."""
    return lambda code: decode(b"\x0e" + code + b"\x0f")


def references() -> list[tuple[str, str, Callable[[list[bytes]], list[str | None]]]]:
    """(table, name, decode many codes) for each converter that a table is compared with."""

    def each(decode: Decoder) -> Callable[[list[bytes]], list[str | None]]:
        return lambda codes: [decode(code) for code in codes]

    glibc = [
        ("ibm/290", "IBM930"),
        ("ibm/1027", "IBM939"),
        ("ibm/8482", "IBM1390"),
        ("ibm/5123", "IBM1399"),
        ("windows/cp932", "CP932"),
        ("euc/jis2004-plane1", "EUC-JISX0213"),
        ("euc/eucjp-ms", "EUC-JP-MS"),
        ("euc/eucjp-ms-x0212", "EUC-JP-MS"),
        ("euc/jis2004-plane2", "EUC-JISX0213"),
        ("windows/shift-jis-2004", "SHIFT_JISX0213"),
    ]
    out = [(table, f"glibc {name}", each(glibc_codec(name)[0])) for table, name in glibc]
    for table, name in (("ibm/300", "IBM939"), ("ibm/16684", "IBM1399")):
        out.append((table, f"glibc {name}", each(shifted(glibc_codec(name)[0]))))
    for table in ("euc/eucjp-ms", "euc/eucjp-ms-x0212"):
        out.append((table, "Python euc_jp", each(python_codec("euc_jp")[0])))
    out.append(("windows/cp932", "ICU ibm-943_P15A-2003", icu_decoder("ibm-943_P15A-2003")))
    return out


def icu_decoder(converter: str) -> Callable[[list[bytes]], list[str | None]]:
    """Many codes of an ASCII-based ICU converter at once."""

    def decode(codes: list[bytes]) -> list[str | None]:
        answer = icu.run(
            ["-f", converter, "-t", "UTF-32BE", "--from-callback", "substitute"], b"\n".join(codes)
        )
        parts = answer.decode("utf-32-be").split("\n")
        assert len(parts) == len(codes), converter
        return [None if "\ufffd" in part else part for part in parts]

    return decode


def without_sequence(text: str) -> str:
    """A text without ideographic variation selectors."""
    return "".join(ch for ch in text if not 0xE0100 <= ord(ch) <= 0xE01EF)


def compared(tables: dict[str, Table]) -> Iterator[tuple[str, ...]]:
    """Rows whose text another converter reads differently (not where it merely has no such code)."""
    for table_id, name, decode in references():
        rows = [row for row in tables[table_id].rows if row.flag != ENCODE_ONLY]
        own = tables[table_id].sources[0]["name"]
        for row, other in zip(rows, decode([row.code for row in rows]), strict=True):
            if other is None or without_sequence(row.print.text) == other:
                continue
            why = _why(row, other)
            ours = "MJ list" if why == COMPATIBILITY else own
            yield (
                table_id,
                row.code.hex().upper(),
                hex_text(row.print.text),
                ours,
                hex_text(other),
                name,
                hex_text(row.print.text),
                why,
            )


def _why(row: Row, other: str) -> str:
    if 0xF900 <= ord(other[0]) <= 0xFAFF or 0x2F800 <= ord(other[0]) <= 0x2FA1F:
        return COMPATIBILITY
    return OTHER_SOURCE if row.print.glyphs else DASH


def known() -> Iterator[tuple[str, ...]]:
    """``known-disputes.tsv``: what was read in published references and in the notes of the field."""
    lines = (HERE / "known-disputes.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] + "\n" == HEADER
    for line in lines[1:]:
        cells = tuple(line.split("\t"))
        assert len(cells) == 8, line
        yield cells


def render(identity: Identity, tables: dict[str, Table]) -> str:
    """The file's text, sorted by table and code."""
    found = {*identity.disputes, *compared(tables), *known()}
    return HEADER + "".join("\t".join(item) + "\n" for item in sorted(found))
