"""Reads a converted output back: CSV, TSV, Parquet and fixed-length records as cells of UTF-8.

Owns the cutting of outputs into cells, their digest, and where an output stops having the form that
``gaiji.output.formats`` gave it. It shares no code with the sinks, and judges no content.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

from gaiji.disk.digest import BackgroundDigest
from gaiji.disk.files import is_stream
from gaiji.disk.packing import Input
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import cut
from gaiji.kernel.cells import fixed_cells, scan_cells
from gaiji.model.plain import dataclass

CHUNK = 4 * 1024 * 1024
MAX_RECORD = 16 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
Edges = Sequence[int]


@dataclass
class Cells:
    """Some output records: the cell of a row is ``src[starts[column][row] : ends[column][row]]``.

    ``rows`` of them were asked for; those in ``damaged`` could not be cut (their cells are empty), and
    from row ``missing`` on there are none (-1: all are there).
    """

    src: bytearray | memoryview
    starts: list[Edges]
    ends: list[Edges]
    rows: int
    damaged: dict[int, bytes] = field(default_factory=dict)
    missing: int = -1


class Readback:
    """One output. ``take`` gives the next records; afterwards ``sha256``, ``size`` and ``records`` describe
    it.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path = path
        self.names = list(names)
        self.size = 0
        self.records = 0
        self.header_ok = True

    @property
    def sha256(self) -> str:
        """Digest of the whole file, once it has been read to its end."""
        raise NotImplementedError

    def take(self, rows: int) -> Cells:
        """The next ``rows`` records, or as many as can be cut."""
        raise NotImplementedError

    def skip(self, expected: bytes, following: bytes) -> bytes:
        """Step over a record that cannot be cut. ``expected``: what the record should be; ``following``: what
        the next one should be, which is looked for. Returns the bytes found in its place."""
        raise NotImplementedError

    def more(self) -> bool:
        """Whether anything stands behind the last record taken."""
        raise NotImplementedError

    def rest(self) -> int:
        """Bytes behind the last record taken (rows of Parquet); reads the file to its end."""
        raise NotImplementedError

    def line(self, cells: Sequence[bytes]) -> bytes:
        """A record as this format writes it."""
        raise NotImplementedError

    def reach(self, cells: Sequence[bytes]) -> int:
        """How many bytes of a line stand before the cell behind these."""
        return len(self.line(cells))


class _Stream(Readback):
    """What formats of lines share: a window on the file that starts where the next record does."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        super().__init__(path, names)
        self._file = Input(str(path), next="run gaiji convert first")
        self._digest = BackgroundDigest()
        self._window = memoryview(bytearray())
        self._ended = False

    @property
    def sha256(self) -> str:
        return self._file.sha256 or self._digest.hexdigest()

    def _more(self, size: int) -> bool:
        """Make the window longer by up to ``size`` bytes; False at the end of the file."""
        if self._ended:
            return False
        kept = len(self._window)
        buffer = bytearray(kept + size)
        buffer[:kept] = self._window
        view = memoryview(buffer)
        filled = 0
        while filled < size and (got := self._file.readinto(view[kept + filled :])):
            filled += got
        self._ended = filled < size
        self._digest.update(view[kept : kept + filled])
        self.size = self._file.count
        self._window = view[: kept + filled]
        return filled > 0

    def more(self) -> bool:
        return len(self._window) > 0 or self._more(CHUNK)

    def rest(self) -> int:
        left = len(self._window)
        self._window = memoryview(bytearray())
        while self._more(CHUNK):
            left += len(self._window)
            self._window = memoryview(bytearray())
        self._file.close()
        return left

    def skip(self, expected: bytes, following: bytes) -> bytes:
        while len(self._window) < len(expected) + len(following) + 4096 and self._more(CHUNK):
            pass
        window = bytes(self._window[: len(expected) + len(following) + (1 << 20)])
        at = len(expected)
        if window[at : at + len(following)] != following or (not following and len(window) != at):
            found = window.find(following) if following else -1
            at = found if found >= 0 else min(at, len(window))
        self._window = self._window[at:]
        self.records += 1
        return window[:at]


class Lines(_Stream):
    """CSV and TSV."""

    def __init__(self, path: Path, names: Sequence[str], *, delimiter: str, bom: bool, crlf: bool) -> None:
        super().__init__(path, names)
        self._delimiter = ord(delimiter)
        self._crlf = int(crlf)
        head = (BOM if bom else b"") + self.line([name.encode() for name in names])
        while len(self._window) < len(head) and self._more(CHUNK):
            pass
        self.header_ok = bytes(self._window[: len(head)]) == head
        self._window = self._window[len(head) :]

    def line(self, cells: Sequence[bytes]) -> bytes:
        special = (bytes([self._delimiter]), b'"', b"\n", b"\r")
        out = [b'"' + c.replace(b'"', b'""') + b'"' if any(s in c for s in special) else c for c in cells]
        return bytes([self._delimiter]).join(out) + (b"\r\n" if self._crlf else b"\n")

    def reach(self, cells: Sequence[bytes]) -> int:
        return len(self.line(cells)) - self._crlf  # its end stands for the delimiter

    def take(self, rows: int) -> Cells:
        columns = len(self.names)
        starts, ends = array("q", bytes(8 * columns * rows)), array("q", bytes(8 * columns * rows))
        done = pos = 0
        while done < rows:
            found = scan_cells(
                self._window,
                pos,
                len(self._window),
                self._delimiter,
                self._crlf,
                columns,
                done,
                rows,
                starts,
                ends,
            )
            pos = self._behind(ends, columns, rows, found) if found > done else pos
            done = found
            if done < rows:
                after, broken = self._quoted(pos, columns, done, rows, starts, ends)
                if after:
                    done, pos = done + 1, after
                elif broken or len(self._window) - pos > MAX_RECORD or not self._more(CHUNK):
                    break
        cells = Cells(
            self._window,
            [memoryview(starts)[c * rows : c * rows + rows] for c in range(columns)],
            [memoryview(ends)[c * rows : c * rows + rows] for c in range(columns)],
            rows,
            missing=done if done < rows else -1,
        )
        self._window = self._window[pos:]
        self.records += done
        return cells

    def _behind(self, ends: array[int], columns: int, rows: int, done: int) -> int:
        return ends[(columns - 1) * rows + done - 1] + 1 + self._crlf

    def _quoted(
        self, pos: int, columns: int, done: int, rows: int, starts: array[int], ends: array[int]
    ) -> tuple[int, bool]:
        """One record by the rules of RFC 4180: (where the next one begins or 0, whether it is broken)."""
        scan = cut.Scan()
        scan.pos = pos
        a, b = array("q", bytes(8 * columns)), array("q", bytes(8 * columns))
        end = len(self._window)
        if end <= pos:
            return 0, False
        self._digest.wait()  # undoing quotes rewrites the buffer
        dialect = cut.Dialect(
            self._delimiter, 34, 1, 0, bytes(256), bytes(256), b"", 10, 1 if self._crlf else 0, -1, 2, 0, 0
        )
        cut.scan_csv(scan, self._window, end, dialect, columns, 1, a, b, 0)
        if not scan.rows:
            return 0, bool(scan.error) or scan.pos > pos
        for c in range(columns):
            starts[c * rows + done], ends[c * rows + done] = a[c], b[c]
        return scan.pos, False


class Fixed(_Stream):
    """Fixed-length records in UTF-8 or UTF-16, each followed by a line feed."""

    def __init__(self, path: Path, names: Sequence[str], *, widths: Sequence[int], encoding: str) -> None:
        super().__init__(path, names)
        self._encoding = encoding
        self._unit = 1 if encoding == "utf-8" else 2
        self._widths = [w // self._unit * self._unit for w in widths]
        self._feed = "\n".encode(encoding)
        self._step = sum(self._widths) + len(self._feed)

    def line(self, cells: Sequence[bytes]) -> bytes:
        out = b""
        for cell, width in zip(cells, self._widths, strict=True):
            raw = cell.decode("utf-8", "replace").encode(self._encoding)
            out += raw + " ".encode(self._encoding) * ((width - len(raw)) // self._unit)
        return out + self._feed

    def reach(self, cells: Sequence[bytes]) -> int:
        return sum(self._widths[: len(cells)])

    def take(self, rows: int) -> Cells:
        need = rows * self._step
        while len(self._window) < need and self._more(max(CHUNK, need - len(self._window))):
            pass
        done = min(len(self._window) // self._step, rows)
        step, feed = self._step, self._feed
        whole = self._window[: done * step]
        bad = {}
        if any(
            bytes(whole[step - len(feed) + i :: step]) != feed[i : i + 1] * done for i in range(len(feed))
        ):
            records = {r: bytes(whole[r * step : r * step + step]) for r in range(done)}
            bad = {r: raw for r, raw in records.items() if not raw.endswith(feed)}
        cells = self._cut(whole, done, rows) if self._unit == 1 else self._cut_wide(whole, done, rows)
        cells.damaged = bad
        cells.missing = done if done < rows else -1
        self._window = self._window[done * step :]
        self.records += done
        return cells

    def _cut(self, whole: memoryview, done: int, rows: int) -> Cells:
        starts, ends, at = [], [], 0
        for width in self._widths:
            a, b = array("q", bytes(8 * rows)), array("q", bytes(8 * rows))
            fixed_cells(whole, done, self._step, at, width, a, b)
            starts.append(a)
            ends.append(b)
            at += width
        return Cells(whole if len(whole) else memoryview(bytearray(1)), list(starts), list(ends), rows)

    def _cut_wide(self, whole: memoryview, done: int, rows: int) -> Cells:
        """UTF-16: each cell is made UTF-8; what is no UTF-16 becomes U+FFFD, which no source character is."""
        text = bytearray()
        starts = [array("q", bytes(8 * rows)) for _ in self._widths]
        ends = [array("q", bytes(8 * rows)) for _ in self._widths]
        for row in range(done):
            at = row * self._step
            for column, width in enumerate(self._widths):
                cell = bytes(whole[at : at + width]).decode(self._encoding, "replace").rstrip(" ")
                starts[column][row] = len(text)
                text += cell.encode()
                ends[column][row] = len(text)
                at += width
        return Cells(text or bytearray(1), list(starts), list(ends), rows)


class Parquet(Readback):
    """Parquet, read in slices by polars."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        super().__init__(path, names)
        import polars as pl

        try:
            self.size = path.stat().st_size
            self._frame = pl.scan_parquet(path)
            schema = self._frame.collect_schema()
            self._total = int(self._frame.select(pl.len()).collect().item())
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self._unreadable(error) from error
        self.header_ok = schema.names() == self.names and set(schema.dtypes()) <= {pl.String()}

    @property
    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _unreadable(self, error: Exception) -> GaijiError:
        return GaijiError(
            fault("E0192", "cannot be read as Parquet ({kind})", kind=type(error).__name__),
            where=str(self.path),
            next=tr("run gaiji convert again"),
        )

    def take(self, rows: int) -> Cells:
        import polars as pl

        try:
            frame = self._frame.slice(self.records, rows).collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self._unreadable(error) from error
        text, starts, ends = bytearray(), [], []
        for name in self.names:
            series = frame[name].fill_null("")
            last = array("q", [len(text)])
            last.extend((series.str.len_bytes().cast(pl.Int64).cum_sum() + len(text)).to_list())
            last.extend([last[-1]] * (rows - frame.height))
            text += "".join(series.to_list()).encode()
            view = memoryview(last)
            starts.append(view[:-1])
            ends.append(view[1:])
        self.records += frame.height
        return Cells(
            text or bytearray(1),
            list(starts),
            list(ends),
            rows,
            missing=frame.height if frame.height < rows else -1,
        )

    def line(self, cells: Sequence[bytes]) -> bytes:
        return b""

    def skip(self, expected: bytes, following: bytes) -> bytes:
        return b""

    def more(self) -> bool:
        return False  # a Parquet file has no lines to lose one's place in

    def rest(self) -> int:
        return self._total - self.records


def open_readback(
    path: Path,
    format: str,
    names: Sequence[str],
    *,
    bom: bool,
    crlf: bool,
    widths: Sequence[int],
    encoding: str,
) -> Readback:
    """The reader for an output format; ``widths`` in bytes, in the order of ``names`` (fixed only)."""
    if is_stream(path):
        raise UsageError(
            fault("E0193", "cannot be read back"), where=f"output {path.name}", next=tr("convert to a file")
        )
    if format == "parquet":
        return Parquet(path, names)
    if format == "fixed":
        return Fixed(path, names, widths=widths, encoding=encoding)
    assert format in ("csv", "tsv"), format
    return Lines(path, names, delimiter="\t" if format == "tsv" else ",", bom=bom, crlf=crlf)
