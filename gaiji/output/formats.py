"""The output formats: their names, the suffixes that mean them, and what writes each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gaiji.disk.files import Written
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import join
from gaiji.output.lines import FixedSink, LinesSink
from gaiji.output.parquet import ParquetSink
from gaiji.output.sink import Sink

SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".dat": "fixed"}
FORMATS = ("csv", "tsv", "parquet", "fixed")
KEEPS = frozenset({"parquet"})
"""Formats whose sinks keep the columns' buffers, which then are not used again for the next batch."""


def open_sink(
    path: Path,
    format: str,
    names: Sequence[str],
    *,
    bom: bool,
    crlf: bool,
    widths: dict[str, int],
    encoding: str,
    kept: Written | None = None,
) -> Sink:
    """The sink for a format, gone on with at ``kept``; UsageError for columns that the format cannot have."""
    if len(names) > join.CONSTANTS["MAX_COLUMNS"]:
        raise UsageError(
            fault("E0194", "the output would have {count} columns", count=len(names)),
            next=tr("leave fields out of the layout"),
        )
    if format == "parquet":
        return ParquetSink(path, names, kept)
    if format == "fixed":
        return FixedSink(path, names, widths=widths, encoding=encoding, kept=kept)
    assert format in ("csv", "tsv"), format
    return LinesSink(path, names, delimiter="\t" if format == "tsv" else ",", bom=bom, crlf=crlf, kept=kept)
