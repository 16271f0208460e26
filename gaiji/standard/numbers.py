"""The tables of 住基ネット統一文字コード, 戸籍統一文字番号 and 登記統一文字番号 that follow from an MJ list.

Owns the join: which glyphs the list gives a number for, the best first where they are several. The toolkit's
own tables of these were made from its own list in the same way (``mappings/build/official.py``, which shares
nothing with this).
"""

from __future__ import annotations

from collections.abc import Mapping

SYSTEMS = {"juki": "juki", "koseki": "koseki", "touki": "touki"}
"""Part of an edition, and the column of the list that it is made of."""
HEAD = "code\tucs\tglyph\tflag\tnote"
SEVERAL = "one number, several glyphs"


def tables_of(data: bytes) -> dict[str, bytes]:
    """Part → mapping file of an MJ list, in the form that the toolkit's own tables have."""
    head, *lines = data.decode("utf-8").splitlines()
    columns = head.split("\t")
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    default = {row["ucs"].partition(" ")[0]: row["name"] for row in rows if row["default"] == "1"}
    also = ((one, row["name"]) for row in rows for one in row["also"].split("|") if one and " " not in one)
    default |= dict(also)
    return {part: _table(rows, column, default) for part, column in SYSTEMS.items()}


def _table(rows: list[dict[str, str]], column: str, default: Mapping[str, str]) -> bytes:
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if row[column]:
            groups.setdefault(row[column].removeprefix("J+"), []).append((row["name"], row["ucs"]))
    lines = [HEAD]
    for code, glyphs in sorted(groups.items()):
        if len(glyphs) == 1:
            name, text = glyphs[0]
            lines.append(f"{code}\t{text}\t{name}\t0\t")
            continue
        glyphs.sort(key=lambda one: (default.get(one[1].partition(" ")[0]) != one[0], one[0]))
        base = glyphs[0][1].partition(" ")[0]
        lines.append(f"{code}\t{base}\t{'|'.join(name for name, _ in glyphs)}\t3\t{SEVERAL}")
    return ("\n".join(lines) + "\n").encode()
