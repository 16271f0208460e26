"""The check of whole tables, for people who make them: ranges, glyphs, texts that stand twice.

Owns what ``gaiji charset check`` says. What every loading checks is in ``gaiji.codes.layers``.
"""

from __future__ import annotations

from collections.abc import Iterable

from gaiji.codes.charset import load_charset
from gaiji.codes.code import Form
from gaiji.codes.spec import charset_names
from gaiji.codes.tables import ROUND_TRIP, Table
from gaiji.errors import GaijiError
from gaiji.standard.repertoire import Repertoire, load_repertoire


def check(names: Iterable[str] = ()) -> list[str]:
    """Load every named charset (all, when none is named) with every check; returns what is wrong, in
    lines."""
    wrong: list[str] = []
    repertoire = load_repertoire()
    done: set[str] = set()
    for name in names or charset_names():
        try:
            charset = load_charset(name, repertoire=repertoire)
            charset.program()
            tables = [t for t in charset.tables if t.id not in done]
            done.update(t.id for t in tables)
            for table in tables:
                wrong += _check_table(table, repertoire)
        except GaijiError as error:
            wrong.append(str(error))
    return wrong


def _check_table(table: Table, repertoire: Repertoire) -> list[str]:
    """Ranges, glyphs, agreement of glyph and text, one round-trip row a text."""
    legal = {(area.size, code) for area in table.ranges for code in area.codes()}
    wrong: list[str] = []
    texts: dict[str, int] = {}
    for row in table.rows:
        where = f"{table.path}:{row.line}"
        if table.form is not Form.NUMBER and (row.size, row.code) not in legal:
            wrong.append(f"{where}: the code is outside every declared range")
        for name in row.names:
            glyph = repertoire.get(name)
            if glyph is None:
                wrong.append(f"{where}: no glyph {name} in {repertoire.version}")
            elif row.sure and row.text != glyph.text:
                wrong.append(f"{where}: ucs is not the text of {name}")
        if row.flag == ROUND_TRIP and row.text and row.sure:
            if row.text in texts:
                wrong.append(f"{where}: round-trip text again, first on line {texts[row.text]}")
            texts[row.text] = row.line
    return wrong
