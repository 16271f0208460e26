"""Whole tables of text in CSV, TSV and Parquet files, in and out.

Owns how a cell becomes text and back: no type is guessed, an empty cell is "" in CSV and TSV. A table is in
memory whole.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import polars as pl

from gaiji.disk.files import write_whole
from gaiji.errors import OutputError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.output.lines import BOM

SUFFIXES = {".csv": ",", ".tsv": "\t", ".parquet": ""}


def read_table(path: str | Path, *, as_text: bool = True, named: Path | None = None) -> pl.DataFrame:
    """All columns, as text or (``as_text`` false) with the types of a Parquet file.

    ``named``: the name that a file will have that has none yet. UsageError when the file cannot be read
    as its suffix says.
    """
    path = Path(path)
    separator = separator_of(named or path)
    try:
        if not separator:
            frame = pl.read_parquet(path)
            return frame.with_columns(pl.all().cast(pl.String)) if as_text else frame
        return pl.read_csv(path, separator=separator, infer_schema=False).with_columns(pl.all().fill_null(""))
    except OSError as error:
        raise UsageError(
            fault("E0195", "cannot be read: {reason}", reason=error.strerror or tr("is not there")),
            where=str(path),
            next=tr("check the path"),
        ) from error
    except pl.exceptions.PolarsError as error:
        kind = type(error).__name__  # its message may quote a row
        raise UsageError(
            fault("E0196", "is no table ({kind})", kind=kind),
            where=str(path),
            next=tr("it must be UTF-8 with a header"),
        ) from error


def write_table(frame: pl.DataFrame, path: str | Path) -> None:
    """Write a table whole or not at all; CSV has a byte order mark, so that Excel reads it. OutputError when
    it cannot be.
    """
    write_whole(Path(path), table_bytes(frame, path))


def table_bytes(frame: pl.DataFrame, path: str | Path) -> bytes:
    """A table as the file of that name would hold it."""
    path = Path(path)
    separator = separator_of(path)
    buffer = BytesIO()
    if separator:
        buffer.write(BOM)
        try:
            frame.write_csv(buffer, separator=separator)
        except pl.exceptions.PolarsError as error:
            raise OutputError(
                fault("E0197", "cannot hold columns of bytes or lists"),
                where=str(path),
                next=tr("write .parquet"),
            ) from error
    else:
        frame.write_parquet(buffer)
    return buffer.getvalue()


def safe_cells(name: str) -> pl.Expr:
    """``gaiji.output.cells.safe_cell`` of a whole column."""
    return pl.col(name).str.replace(r"\A[=+\-@\t\r]", "'${0}")


def csv_text(frame: pl.DataFrame) -> str:
    """A table of text as Python's ``csv`` writes it, with \\r\\n: a cell with a comma, a quote or an end of a
    line stands in quotes. The table has two columns at least and no null."""
    head = pl.DataFrame({name: [name] for name in frame.columns}, schema=frame.schema)
    quoted = pl.all().str.replace_all('"', '""', literal=True).str.replace(r"(?s)\A.*\z", '"${0}"')
    cells = pl.when(pl.all().str.contains(r'[,"\r\n]')).then(quoted).otherwise(pl.all())
    lines = pl.concat([head, frame]).with_columns(cells).select(pl.concat_str(pl.all(), separator=","))
    return "".join(f"{line}\r\n" for line in lines.to_series())


def need_columns(frame: pl.DataFrame, names: list[str], where: str | Path) -> None:
    """UsageError when a column is missing."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise UsageError(
            fault("E0198", "has no column {missing}", missing=", ".join(missing)),
            where=str(where),
            next=tr("its columns are {columns}", columns=", ".join(frame.columns)[:200]),
        )


def separator_of(path: Path) -> str:
    """What stands between the cells of a file of that name, "" in Parquet; UsageError for another kind."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            fault("E0199", "is no .csv, .tsv or .parquet file"), where=str(path), next=tr("give another name")
        )
    return SUFFIXES[path.suffix.lower()]
