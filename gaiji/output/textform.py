"""How a CSV or TSV is written beyond its cells: its mark, line ends, quotes, and which empty cells have some.

Owns that a table which comes back with the same cells comes back with the same bytes. What the cells are
is ``gaiji.output.tabular``'s.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Literal

import polars as pl

from gaiji.model.plain import dataclass
from gaiji.output.lines import BOM
from gaiji.output.tabular import separator_of

Quotes = Literal["necessary", "always", "non_numeric", "never"]
QUOTES: tuple[Quotes, ...] = ("necessary", "always", "non_numeric", "never")
LOOKED_AT = 1000
"""Rows that are written first, to see whether a way of quoting can be that of the file."""


@dataclass(frozen=True)
class TextForm:
    """The form of a file. ``last``: its last line ends too; ``bare``: which cells are empty and have no
    quotes, True or False in the columns and rows of the table."""

    separator: str
    mark: bool
    newline: str
    last: bool
    quotes: Quotes
    bare: pl.DataFrame

    def write(self, frame: pl.DataFrame) -> bytes:
        """A table of the same columns and rows in this form; cells that are texts, "" where they are
        empty."""
        cells = frame.select(
            pl.when((pl.col(name) == "") & self.bare[name]).then(None).otherwise(pl.col(name)).alias(name)
            for name in frame.columns
        )
        return self.rows(cells)

    def rows(self, cells: pl.DataFrame) -> bytes:
        """Some rows in this form, in which a cell without quotes that is empty is null."""
        buffer = BytesIO()
        cells.write_csv(
            buffer, separator=self.separator, line_terminator=self.newline, quote_style=self.quotes
        )
        body = buffer.getvalue()
        return (BOM if self.mark else b"") + (body if self.last else body.removesuffix(self.newline.encode()))


def text_form(path: str | Path, *, named: Path | None = None) -> TextForm | None:
    """The form of a CSV or TSV file, None where it is of another kind, or where no form gives its very bytes
    (cells that are quoted here and not there, records that are too short). ``named``: as in ``read_table``,
    which has read the file before."""
    separator = separator_of(named or Path(path))
    if not separator:
        return None
    raw = Path(path).read_bytes()
    mark, body = raw.startswith(BOM), raw.removeprefix(BOM)
    newline = "\r\n" if body[: body.find(b"\n") + 1].endswith(b"\r\n") else "\n"
    last = body.endswith(newline.encode())
    cells = pl.read_csv(BytesIO(body), separator=separator, infer_schema=False)
    bare = cells.select(pl.all().is_null())
    for quotes in QUOTES:
        form = TextForm(separator, mark, newline, last, quotes, bare)
        begun = form.rows(cells.head(LOOKED_AT)).removesuffix(newline.encode())
        if raw.startswith(begun) and form.rows(cells) == raw:
            return form
    return None
