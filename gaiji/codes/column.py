"""Whole columns at the speed of the kernels: bytes to texts, glyphs and findings, and texts to bytes.

Owns the loop that calls the kernel until all rows are done, and the results as polars has them. What a caller
may give as a column is in ``gaiji.model.series``; single fields are in ``gaiji.codes.short`` and ``stream``.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from gaiji.codes.code import code_of
from gaiji.codes.encoding import E
from gaiji.codes.program import K
from gaiji.codes.stream import BIG_MARK, LITTLE_MARK, Reading
from gaiji.errors import UndecodableError, UnencodableError
from gaiji.kernel import cut
from gaiji.kernel import decode as kernel
from gaiji.kernel import encode as kernel_encode
from gaiji.model import Reason
from gaiji.model.plain import dataclass
from gaiji.model.series import bytes_column, text_column
from gaiji.standard.characters import points

if TYPE_CHECKING:
    import polars as pl

Cells = tuple[bytes | bytearray | memoryview, "array[int]", "array[int]"]
"""Values end to end, and where each begins and ends."""
FINDINGS = ("row", "offset", "position", "number", "size", "kind")
FOUND, TEXTS = ("row", "reason", "code", "offset", "position", "size"), ("reason", "code")


@dataclass(frozen=True)
class Decoding:
    """What the kernel made of some rows: the texts with the end of each, its counts and its findings (six
    int64
    each), and whether a text went the slow way."""

    out: bytearray
    offsets: array[int]
    counts: array[int]
    findings: array[int]
    special: int


def decode_rows(
    program: kernel.Program,
    src: bytes | bytearray | memoryview,
    place: tuple[Any, Any, int, int],
    mode: int,
    out: bytearray,
    *,
    longest: int,
    states: bytearray,
    trim: int = 0,
    carry: int = 0,
) -> Decoding:
    """Decode one field of all rows into ``out``, which grows as needed.

    ``place``: starts and ends of the records, the field's offset in them, its length (-1: the rest);
    ``longest``: bytes of the longest field; ``states``, ``trim``, ``carry``: see the kernel's
    ``decode_rows``.
    """
    starts, ends, offset, length = place
    rows = len(starts)
    slots, capacity = longest + 64, len(out)
    offsets = array("q", [0]) * (rows + 1)
    findings = array("q", bytes(8 * K["FINDING"] * slots))
    counts = array("q", bytes(8 * K["N_COUNTS"]))
    row = o = n = special = 0
    while True:
        work = kernel.Work(src, out, findings, counts)
        work.o, work.n = o, n
        row = kernel.decode_rows(
            program,
            work,
            mode,
            trim,
            carry,
            starts,
            ends,
            offset,
            length,
            states,
            offsets,
            row,
            capacity - 8,
            slots,
        )
        o, n, special = work.o, work.n, special or work.special
        if row >= rows:
            return Decoding(out, offsets, counts, findings[: n * K["FINDING"]], special)
        del work  # its views would keep the buffers from growing
        # Only what ran out grows: the text's buffer is used again for the next batch, and would double with
        # each.
        if n + longest + 2 > slots:
            slots = slots * 2
            findings.frombytes(bytes(8 * K["FINDING"] * slots - 8 * len(findings)))
        if o + (longest + 1) * program.bound + K["SLACK"] > capacity - 8:
            capacity = capacity * 2
            out.extend(bytes(capacity - len(out)))


@dataclass(frozen=True)
class DecodedColumn:
    """A decoded column, row by row as it was given (rows count from 0).

    ``texts``: a String series; ``findings``: one line each, with ``row``, ``reason``, ``code`` (as the review
    queue names it), ``offset`` (bytes from the value's begin) and ``position`` (source characters). Null
    values have null texts and no findings.
    """

    texts: pl.Series
    findings: pl.DataFrame
    _glyphs: Callable[[], pl.Series]

    @cached_property
    def glyphs(self) -> pl.Series:
        """For each row a list of glyph names, one or null for each source character; made when first asked
        for
        (the values are read again)."""
        return self._glyphs()


@dataclass(frozen=True)
class EncodedColumn:
    """An encoded column: ``codes`` (a Binary series, null for null) and ``findings`` with ``row``,
    ``position``
    (code points from the text's begin), ``text`` and ``reason`` of what has no code and became 〓."""

    codes: pl.Series
    findings: pl.DataFrame


def decode_column(reading: Reading, values: object, *, strict: bool) -> DecodedColumn:
    """A column of bytes, each value one whole field; UndecodableError at the first finding where
    ``strict``."""
    import polars as pl

    cells, series = _given(values)
    parts = _by_order(reading, cells) if reading.kind.marked else [(reading, cells, None, 0)]
    texts, found = [], []
    for one, (src, starts, ends), rows, mark in parts:
        done = _run(one.text, one.mode, src, starts, ends)
        texts.append((_texts(done), rows))
        found.append(_findings(one, done.findings, rows, mark))
    findings = found[0] if len(found) == 1 else pl.concat(found).sort("row", maintain_order=True)
    if strict and len(findings):
        first = findings.filter(pl.col("row") == findings["row"][0]).sort("offset").row(0, named=True)
        start, size = first["offset"], first["size"]
        error = UndecodableError(reading.name, first["code"], start, start + size, first["reason"])
        error.add_note(f"row {first['row']} of the column, counted from 0")
        raise error
    text = _merged(texts)
    return DecodedColumn(
        _as_given(text, series), findings.drop("size"), lambda: _glyph_lists(parts, findings, series)
    )


def _given(values: object) -> tuple[Cells, pl.Series | None]:
    """The values of a column, where they lie or end to end, and the series they are; none of a list of
    ``bytes`` alone."""
    if type(values) is list:
        values = values[:]  # whoever changes the list meanwhile changes nothing that is read here
        starts, ends = (array("q", [0]) * len(values) for _ in range(2))
        total = cut.place_values(values, starts, ends)
        if total >= 0:
            src = bytearray(total + 1)
            cut.put_values(values, starts, ends, src)
            return (src, starts, ends), None
    series = bytes_column(values, "values").series
    return _cells_of(series), series


def _cells_of(series: pl.Series) -> Cells:
    """The values of a Binary series, where they lie; nulls are empty."""
    from gaiji.kernel.arrow import binary_cells

    found = binary_cells(series)
    if found is None:
        return _cells([value or b"" for value in series.to_list()])
    return found


def _cells(values: Sequence[bytes]) -> Cells:
    ends = array("q", accumulate(map(len, values)))
    starts = array("q", [0])
    starts.extend(ends[:-1])
    return b"".join(values), starts if values else array("q"), ends


Part = tuple[Reading, Cells, "list[int] | None", int]
"""Rows that are read alike: how, their values, which rows they are (None: all), bytes of their marks."""


def _by_order(reading: Reading, cells: Cells) -> list[Part]:
    """The rows of a column of UTF-16 by what their byte order marks say."""
    src, starts, ends = cells
    groups: dict[bytes, list[int]] = {LITTLE_MARK: [], BIG_MARK: [], b"": []}
    for row, (a, b) in enumerate(zip(starts, ends, strict=True)):
        groups[mark if b - a >= 2 and (mark := bytes(src[a : a + 2])) in groups else b""].append(row)
    parts: list[Part] = []
    for mark, rows in groups.items():
        if rows or not mark:
            size = len(mark)
            begins = array("q", (starts[row] + size for row in rows))
            some = (src, begins, array("q", (ends[row] for row in rows)))
            parts.append((reading.opened(mark)[0], some, rows, size))
    return parts


def _run(program: kernel.Program, mode: int, src: Any, starts: array[int], ends: array[int]) -> Decoding:
    total, longest = cut.extent(starts, ends, 0, -1)
    size = total * 2 + (longest + 1) * program.bound + 2 * K["SLACK"] + 8
    return decode_rows(
        program,
        src or b"\0",
        (starts, ends, 0, -1),
        mode,
        bytearray(size),
        longest=longest,
        states=bytearray(len(starts)),
    )


def _texts(done: Decoding) -> pl.Series:
    from gaiji.kernel.arrow import text_series

    del done.out[max(done.offsets[-1], 1) :]
    return text_series("text", done.out, done.offsets)


def _findings(reading: Reading, flat: array[int], rows: list[int] | None, mark: int) -> pl.DataFrame:
    """The kernel's findings as people read them, with the size of each unit."""
    import polars as pl

    from gaiji.kernel.arrow import int64_series

    if not flat:
        return pl.DataFrame(schema={name: pl.String if name in TEXTS else pl.Int64 for name in FOUND})
    numbers = int64_series("f", flat)
    frame = pl.DataFrame({name: numbers.gather_every(K["FINDING"], i) for i, name in enumerate(FINDINGS)})
    units = frame.select("number", "size").unique()
    names = [reading.code(number, size) for number, size in units.iter_rows()]
    lengths = [reading.kind.length(number, size) for number, size in units.iter_rows()]
    labels = {int(reason): reason.label for reason in Reason}
    frame = frame.join(
        units.with_columns(
            pl.Series("code", names, dtype=pl.String), pl.Series("length", lengths, dtype=pl.Int64)
        ),
        on=["number", "size"],
        how="left",
        maintain_order="left",
    )
    where = pl.col("row") if rows is None else pl.Series("row", rows, dtype=pl.Int64).gather(frame["row"])
    return frame.with_columns(where).select(
        "row",
        pl.col("kind").replace_strict(labels, return_dtype=pl.String).alias("reason"),
        "code",
        pl.col("offset") + mark,
        "position",
        pl.col("length").alias("size"),
    )


def _merged(parts: Sequence[tuple[pl.Series, list[int] | None]]) -> pl.Series:
    """The rows of all parts in their order."""
    import polars as pl

    if len(parts) == 1 and parts[0][1] is None:
        return parts[0][0]
    every = pl.concat([series for series, _ in parts])
    order = pl.Series("row", [row for _, some in parts for row in some or ()], dtype=pl.Int64)
    return pl.DataFrame({"row": order, "value": every}).sort("row")["value"]


def _as_given(series: pl.Series, given: pl.Series | None) -> pl.Series:
    """Under the name of what was given (none: a list), with its nulls."""
    import polars as pl

    series = series.alias(given.name if given is not None else "")
    if given is None or not given.null_count():
        return series
    return pl.select(pl.when(given.is_not_null()).then(series).alias(series.name)).to_series()


def _glyph_lists(parts: Sequence[Part], findings: pl.DataFrame, given: pl.Series | None) -> pl.Series:
    """The glyph names of every row; a character with a finding has no sure glyph."""
    import polars as pl

    flagged = findings.select("row", "position").unique().with_columns(pl.lit(True).alias("flagged"))
    frames = []
    for reading, (src, starts, ends), rows, _ in parts:
        done = _run(reading.units, reading.mode, src, starts, ends)
        frames.append(_characters(reading, done, rows))
    every = pl.concat(frames)
    if len(flagged):
        every = every.join(flagged, on=["row", "position"], how="left", maintain_order="left")
        every = every.with_columns(pl.when(pl.col("flagged").is_null()).then("glyph").alias("glyph"))
    lists = every.group_by("row").agg(pl.col("glyph").alias("glyphs"))
    count = sum(len(starts) for _, (_, starts, _), _, _ in parts)
    index = pl.DataFrame({"row": pl.arange(count, eager=True, dtype=pl.Int64)})
    joined = index.join(lists, on="row", how="left", maintain_order="left")["glyphs"]
    empty = pl.Series([[]], dtype=pl.List(pl.String))
    return _as_given(joined.fill_null(empty.first()), given)


def _characters(reading: Reading, done: Decoding, rows: list[int] | None) -> pl.DataFrame:
    """Row, position and glyph name of every source character."""
    import polars as pl

    from gaiji.kernel.arrow import int64_series, uint32_series

    del done.out[done.offsets[-1] :]
    units = uint32_series("unit", done.out) if done.out else pl.Series("unit", [], dtype=pl.UInt32)
    lengths = int64_series("n", done.offsets).diff().slice(1) // 4
    numbers = pl.Series("row", rows, dtype=pl.Int64) if rows is not None else None
    row = pl.arange(len(lengths), eager=True, dtype=pl.Int64) if numbers is None else numbers
    known = units.unique()
    names = [_name(reading, unit) for unit in known.to_list()]
    begins = int64_series("n", done.offsets).slice(0, len(row)) // 4
    spread = (
        pl.DataFrame({"row": row, "begin": begins})
        .select(pl.all().repeat_by(lengths))
        .explode("row", "begin")
    )
    frame = spread.drop_nulls("row").with_columns(units)
    frame = frame.select("row", (pl.int_range(pl.len()) - pl.col("begin")).alias("position"), "unit")
    table = pl.DataFrame({"unit": known, "glyph": pl.Series(names, dtype=pl.String)})
    return frame.join(table, on="unit", how="left", maintain_order="left").select("row", "position", "glyph")


def _name(reading: Reading, unit: int) -> str | None:
    size, code = reading.kind.key(*code_of(unit))
    return reading.glyph_of(code, size)


def encode_column(
    codes: kernel_encode.Codes, name: str, mode: int, values: object, *, strict: bool
) -> EncodedColumn:
    """A column of text, each value one whole field; UnencodableError at the first text without a code where
    ``strict``."""
    import polars as pl

    series = text_column(values, "values").series
    raws = [value.encode("utf-8", "surrogatepass") for value in series.fill_null("").to_list()]
    src, starts, ends = _cells(raws)
    rows, longest = len(raws), max(map(len, raws), default=0)
    capacity, slots = 8 * len(src) + 9 * longest + 2 * E["SLACK"], longest + 256
    widths, out = array("q", [-1]) * rows, bytearray(capacity)
    offsets, row, o = array("q", bytes(8 * rows + 8)), 0, 0
    found: list[tuple[int, int, str, str]] = []
    while row < rows:
        noted = array("q", bytes(8 * E["FINDING"] * slots))
        pen = kernel_encode.Pen(src or b"\0", out, noted)
        pen.o = o
        row = kernel_encode.encode_rows(codes, pen, mode, starts, ends, widths, offsets, row, capacity, slots)
        o = pen.o
        found += _unmatched(raws, noted[: pen.n * E["FINDING"]])
    if strict and found:
        at, start, text, reason = found[0]
        error = UnencodableError(name, points(text), start, start + len(text), reason)
        error.add_note(f"row {at} of the column, counted from 0")
        raise error
    view = memoryview(out)
    made = [bytes(view[a:b]) for a, b in pairwise(offsets)]
    schema: Mapping[str, Any] = {
        "row": pl.Int64,
        "position": pl.Int64,
        "text": pl.String,
        "reason": pl.String,
    }
    return EncodedColumn(
        _as_given(pl.Series(made, dtype=pl.Binary), series), pl.DataFrame(found, schema=schema, orient="row")
    )


def _unmatched(raws: Sequence[bytes], noted: array[int]) -> list[tuple[int, int, str, str]]:
    """Row, position in code points, text and reason of what has no code."""
    out = []
    for i in range(0, len(noted), E["FINDING"]):
        row, offset, _, _, size, reason = noted[i : i + E["FINDING"]]
        raw = raws[row]
        start = len(raw[:offset].decode("utf-8", "replace"))
        out.append((row, start, raw[offset : offset + size].decode("utf-8", "replace"), Reason(reason).label))
    return out
