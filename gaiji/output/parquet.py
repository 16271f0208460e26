"""Parquet by polars: a part for each batch, then one file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from gaiji.disk.files import Mark, Written, not_kept, output_error, part_path, sync_folder
from gaiji.model import Column
from gaiji.output.sink import Sink


class ParquetSink(Sink):
    """Parquet by polars: a part for each batch, then one file."""

    def __init__(self, path: Path, names: Sequence[str], kept: Written | None = None) -> None:
        super().__init__(path)
        self._names = list(names)
        self._sha256, self._size = "", 0
        self._folder = part_path(Path(os.path.realpath(path)))
        self._whole = self._folder / "whole.parquet"
        self._parts: list[Path] = []
        self._unsynced: list[Path] = []
        self._chain = ""
        """Digest over the parts' digests, in order."""
        try:
            if kept is None:
                import shutil

                shutil.rmtree(self._folder, ignore_errors=True)
                if self._folder.is_symlink() or self._folder.is_file():
                    self._folder.unlink()
                self._folder.mkdir(mode=0o700, parents=True)
            else:
                self._go_on(kept)
        except OSError as error:
            raise output_error(path, error) from error

    def _go_on(self, kept: Written) -> None:
        """Check the parts that were kept and remove those that came after them."""
        if self._folder.is_symlink():
            raise not_kept(self.path)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._folder.chmod(0o700)
        for number in range(kept.bytes):
            part = self._part(number)
            if part.is_file():
                self._chain_on(part)
        if Written(len(self._parts), self._chain) != kept:
            raise not_kept(self.path)
        for left in set(self._folder.iterdir()) - set(self._parts):
            left.unlink()

    def _part(self, number: int) -> Path:
        return self._folder / f"{number:08d}.parquet"

    def _chain_on(self, part: Path) -> None:
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._chain = hashlib.sha256((self._chain + digest).encode()).hexdigest()
        self._parts.append(part)

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> object:
        import polars as pl

        from gaiji.kernel.arrow import text_series

        frame = pl.DataFrame([text_series(c.name, c.data, c.offsets) for c in columns])
        return pl.concat([frame[a:b] for a, b in keep]) if keep else frame.clear()

    def write(self, encoded: object) -> None:
        part = self._part(len(self._parts))
        try:
            encoded.write_parquet(part)  # type: ignore[attr-defined]
            self._chain_on(part)
        except OSError as error:
            raise output_error(self.path, error) from error
        self._unsynced.append(part)

    def marks(self) -> list[Mark]:
        digest: Future[str] = Future()
        digest.set_result(self._chain)
        return [Mark(self, len(self._parts), digest)]

    def sync(self) -> None:
        """Put the parts on the disk."""
        some, self._unsynced = self._unsynced, []
        try:
            for part in some:
                with part.open("rb+") as file:
                    os.fsync(file.fileno())
            sync_folder(self._folder)
        except OSError as error:
            raise output_error(self.path, error) from error

    def seal(self) -> Path:
        import polars as pl

        whole = self._whole
        try:
            if self._parts:
                pl.scan_parquet(self._parts).sink_parquet(whole)
            else:
                pl.DataFrame(schema=dict.fromkeys(self._names, pl.String)).write_parquet(whole)
            with whole.open("rb+") as file:
                self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            whole.chmod(0o600)  # as the other outputs: names are personal data
            self._size = whole.stat().st_size
        except OSError as error:
            raise output_error(self.path, error) from error
        return whole

    def commit(self) -> None:
        final = Path(os.path.realpath(self.path))
        try:
            os.replace(self._whole, final)
            sync_folder(final.parent)
        except OSError as error:
            raise output_error(self.path, error) from error

    def unname(self) -> None:
        if not self._whole.exists():
            with suppress(OSError):
                os.replace(Path(os.path.realpath(self.path)), self._whole)

    def discard(self) -> None:
        import shutil

        shutil.rmtree(self._folder, ignore_errors=True)

    def leave(self) -> None:
        pass  # no part is open

    def describe(self) -> dict[str, object]:
        return {"path": str(self.path), "bytes": self._size, "sha256": self._sha256}
