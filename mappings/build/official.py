"""The tables of 住基ネット統一文字コード, 戸籍統一文字番号 and 登記統一文字番号, straight from the MJ list.

Owns the join and nothing else. A number that several MJ glyphs share is an ambiguous row.
"""

from __future__ import annotations

from ibm import mojidata_source
from identity import Identity
from rows import DECODE_ONLY, Print, Row, Table, once_each

IDENTITY = (
    "The MJ list gives the number for the glyph. Where it gives one number for several glyphs the row is "
    "ambiguous, the glyph that its plain code point means first."
)
LISTS = (
    (
        "official/juki",
        "住基ネット統一文字コード",
        "住基ネット統一文字コード (J+hhhh as two bytes)",
        "juki",
        0,
    ),
    ("official/koseki", "戸籍統一文字番号", "戸籍統一文字番号 (6 digits)", "koseki", 6),
    ("official/touki", "登記統一文字番号", "登記統一文字番号 (8 digits)", "touki", 8),
)


def build(identity: Identity) -> list[Table]:
    """The three tables."""
    return [_table(identity, *item) for item in LISTS]


def _table(identity: Identity, table_id: str, column: str, title: str, system: str, digits: int) -> Table:
    groups: dict[bytes, list[str]] = {}
    query = f'select "MJ文字図形名", "{column}" from mji where "{column}" is not null order by "MJ文字図形名"'
    for name, number in identity.db.execute(query):
        code = number.encode("ascii") if digits else bytes.fromhex(number.removeprefix("J+"))
        assert len(code) == (digits or 2), number
        groups.setdefault(code, []).append(name)
    rows = []
    for code, names in sorted(groups.items()):
        if len(names) == 1:
            rows.append(Row(code, Print(identity.text[names[0]], (names[0],))))
            continue
        names.sort(key=lambda n: (identity.implemented.get(identity.text[n][:1]) != n, n))
        rows.append(
            Row(
                code,
                Print(identity.text[names[0]][:1], tuple(names)),
                DECODE_ONLY,
                "one number, several glyphs",
            )
        )
    ranges = [{"kind": "standard", "trail": ["00-FF"], "lead": "00-FF"}] if not digits else []
    return Table(
        table_id,
        title,
        system,
        "MJ Ver.006.02",
        IDENTITY,
        once_each(rows),
        ranges,
        [mojidata_source("MJ文字情報一覧表 Ver.006.02")],
        "decimal" if digits else "hex",
    )
