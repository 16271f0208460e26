"""The converted file of a job: its columns, how it is opened and how it is read back.

Owns what a job's ``[output]`` means for the file. The formats are ``gaiji.output``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from gaiji.columns.decode import default_width, glyphs_width
from gaiji.disk.files import Written
from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook import Table as Occurring
from gaiji.model import Field
from gaiji.model.plain import dataclass
from gaiji.output.formats import open_sink
from gaiji.output.melt import Melt
from gaiji.output.readback import Readback, open_readback
from gaiji.output.recipe import Recipe
from gaiji.output.sink import Sink
from gaiji.run.job import Job
from gaiji.run.recipes import recipe_of
from gaiji.run.types import melt_of


@dataclass(frozen=True, slots=True)
class Output:
    """The converted file: its columns are the fields, then a glyph column for each of ``glyph_fields``; with
    ``melt`` it has a row for each occurrence of a table.

    ``recipe``: what its columns are, where they are not those. ``widths``: bytes of each column in a file
    of fixed length.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    glyph_fields: tuple[Field, ...]
    widths: Mapping[str, int]
    bom: bool
    crlf: bool
    encoding: str
    melt: Melt | None = None
    recipe: Recipe | None = None

    @property
    def written(self) -> list[str]:
        """The names of the columns that stand in the file."""
        shaped = self.melt or self.recipe
        return list(shaped.names if shaped else self.columns)

    def open(self, kept: Written | None = None) -> Sink:
        """The file under a temporary name; ``kept``: gone on with as a checkpoint left it."""
        sink = open_sink(
            self.path,
            self.format,
            self.written,
            bom=self.bom,
            crlf=self.crlf,
            widths=dict(self.widths),
            encoding=self.encoding,
            kept=kept,
        )
        if self.melt is None:
            return sink
        from gaiji.output.rows import RowsSink

        return RowsSink(sink, self.melt)

    def read_back(self) -> Readback:
        """The file as cells again: those of the columns that its records had, where it has rows of a table;
        those that it has, where it has columns of its own."""
        if self.path.is_dir():
            from gaiji.output.parts_back import PartsReadback

            found: Readback = PartsReadback(self.path, self.written, self._opened)
        else:
            found = self._opened(self.path)
        if self.melt is None:
            return found
        from gaiji.output.rows import RowsReadback

        return RowsReadback(found, list(self.columns), self.melt)

    def _opened(self, path: Path) -> Readback:
        """One file of the output."""
        return open_readback(
            path,
            self.format,
            self.written,
            bom=self.bom,
            crlf=self.crlf,
            widths=list(self.widths.values()),
            encoding=self.encoding,
        )


def output_of(job: Job, fields: Sequence[Field], tables: Sequence[Occurring] = ()) -> Output:
    """The converted file of a job with these fields."""
    output = job.output
    glyph_fields = tuple(f for f in fields if f.role == "name") if job.target["glyph_columns"] else ()
    columns = (*(f.name for f in fields), *(f"{f.name}.glyphs" for f in glyph_fields))
    if twice := [name for name, count in Counter(columns).items() if count > 1]:
        raise JobError(
            fault("E0397", "two columns would have the name {twice!r}", twice=twice[0][:40]),
            path=job.path,
            key="target.glyph_columns",
            next=tr("rename the field in the source, or leave the glyph columns out"),
        )
    unit = 1 if output["encoding"] == "utf-8" else 2
    lengths = {f.name: default_width(f) for f in fields}
    lengths |= {f"{f.name}.glyphs": unit * glyphs_width(f) for f in glyph_fields}
    return Output(
        job.output_path,
        job.output_format,
        columns,
        glyph_fields,
        {name: output["widths"].get(name, lengths.get(name, 80)) for name in columns},
        output["bom"],
        output["newline"] == "crlf",
        output["encoding"],
        melt_of(job, fields, columns, tables) if output["rows"] else None,
        recipe_of(job, columns),
    )
