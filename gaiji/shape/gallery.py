"""The gallery: one vector for every MJ and GJ glyph of the user's fonts.

Owns finding the fonts, which of their glyphs count, building the vectors and the cache of them in the
user's data folder (``shape/``). Does not own how a query is answered (``index``).
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

import freetype
import numpy as np
import numpy.typing as npt

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.datafiles import user_data_dir
from gaiji.errors import ShapeError
from gaiji.errors.messages import fault, tr
from gaiji.shape.features import Floats, describe
from gaiji.shape.model import Model, load_model, unit
from gaiji.shape.pictures import find_font
from gaiji.shape.raster import draw, glyph_names, open_font

DOTS = 96
"""Size at which the gallery's glyphs are drawn, in dots an em."""

GJ_FILE = "acgjm.ttf"
"""The name that the GJ font is published under."""

Progress = Callable[[int, int], None]
"""Called with the glyphs done and all glyphs."""

_GLYPH = re.compile(r"(?:mj|gj)[0-9]{6}")
_FORM = "1"  # changes when features or drawing change, so that older caches are not read
_BATCH, _TOGETHER = 256, 16  # glyphs that a thread draws at once; batches that are projected at once
_MAX_FONT = 256 << 20
_KEEP = 4  # cached galleries


@dataclass
class Gallery:
    """Glyphs of some fonts: ``names`` (``MJ026190``), ``packed`` vectors int8 [glyphs, dimensions].

    ``sources`` holds for each glyph the number of its font in ``fonts`` and its glyph number there.
    ``built`` tells whether the vectors were made now or read from the cache; ``path`` is the cache.
    """

    fonts: tuple[Path, ...]
    names: tuple[str, ...]
    sources: npt.NDArray[np.int32]
    packed: npt.NDArray[np.int8]
    path: Path
    built: bool

    @cached_property
    def faces(self) -> tuple[freetype.Face, ...]:
        """The fonts, opened."""
        return tuple(open_font(path) for path in self.fonts)

    @cached_property
    def vectors(self) -> Floats:
        """Unit vectors of all glyphs, float32."""
        return unpack(self.packed)

    @cached_property
    def shares(self) -> Floats:
        """What each packed vector is multiplied with to be of length 1."""
        sums = [
            np.einsum("ij,ij->i", part, part)
            for start in range(0, len(self.packed), _BATCH)
            for part in [self.packed[start : start + _BATCH].astype(np.float32)]
        ]
        shares: Floats = 1 / np.maximum(np.sqrt(np.concatenate(sums)), np.float32(1e-9))
        return shares

    def draw(self, glyphs: Sequence[int], size: int = DOTS) -> npt.NDArray[np.uint8]:
        """Grey pictures of glyphs by their place in ``names``: uint8 [glyphs, side, side]."""
        return _draw(self.faces, self.sources[list(glyphs)], size)


def find_fonts() -> tuple[Path, ...]:
    """IPAmj 明朝 where systems install it, and the GJ font when it is there.

    ``GAIJI_MJ_FONT`` and ``GAIJI_GJ_FONT`` decide when set; else the GJ font is looked for under its
    published name beside the other and in ``fonts/`` of the user's data folder. ShapeError when there
    is no IPAmj 明朝.
    """
    mincho = find_font()
    if mincho is None:
        how = tr(
            "install IPAmj 明朝 (Debian: fonts-ipamj-mincho), or name it with --font or in GAIJI_MJ_FONT"
        )
        raise ShapeError(fault("E0278", "no font with MJ glyphs was found"), next=how)
    if given := os.environ.get("GAIJI_GJ_FONT"):
        return mincho, Path(given)
    places = (folder / GJ_FILE for folder in (mincho.parent, user_data_dir() / "fonts"))
    return mincho, *[path for path in places if path.is_file()][:1]


def load_gallery(fonts: Sequence[Path], progress: Progress | None = None) -> Gallery:
    """The gallery of fonts, from the cache under their hashes or built and cached now.

    ShapeError when a font is missing, damaged or has no glyph named like ``mj000001`` or ``gj000001``.
    """
    model = load_model()
    path = user_data_dir() / "shape" / f"{_key(fonts, model)}.npz"
    cached = _read(path, tuple(fonts))
    if cached is not None:
        return cached
    keep_apart([Place("index", path)], [Place("font", font) for font in fonts])
    names, sources = _list_glyphs(fonts)
    packed = _build(fonts, sources, model, progress)
    _write(path, names, sources, packed)
    return Gallery(tuple(fonts), tuple(names), sources, packed, path, built=True)


def kept_gallery(fonts: Sequence[Path]) -> Gallery | None:
    """The gallery of fonts from the cache; None where it was not built yet."""
    return _read(user_data_dir() / "shape" / f"{_key(fonts, load_model())}.npz", tuple(fonts))


def pack(vectors: Floats) -> npt.NDArray[np.int8]:
    """Unit vectors as int8, each row scaled to its own largest value; the length is made good when read."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), np.float32(1e-9))
    packed: npt.NDArray[np.int8] = np.rint(vectors * (np.float32(127) / largest)).astype(np.int8)
    return packed


def unpack(packed: npt.NDArray[np.int8]) -> Floats:
    """Unit vectors of packed ones."""
    return unit(packed.astype(np.float32))


def _key(fonts: Sequence[Path], model: Model) -> str:
    digest = hashlib.sha256(f"{_FORM} {DOTS} {model.digest}".encode())
    for font in fonts:
        digest.update(_sha256(font))
    return digest.hexdigest()[:24]


def _sha256(font: Path) -> bytes:
    try:
        if font.stat().st_size > _MAX_FONT:
            raise ShapeError(
                fault("E0279", "larger than {max_font} MB", max_font=_MAX_FONT >> 20),
                where=str(font),
                next=tr("give a font file"),
            )
        with font.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise ShapeError(
            fault("E0280", "cannot read it: {reason}", reason=error.strerror),
            where=str(font),
            next=tr("check the path"),
        ) from error


def _list_glyphs(fonts: Sequence[Path]) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The names of the fonts' glyphs, and font and glyph number of each; the first font wins."""
    found = dict[str, tuple[int, int]]()
    for place, path in enumerate(fonts):
        named = {
            name.upper(): number
            for number, name in enumerate(glyph_names(open_font(path)))
            if _GLYPH.fullmatch(name)
        }
        if not named:
            what = fault("E0281", "no glyph is named like mj000001 or gj000001")
            raise ShapeError(what, where=str(path), next=tr("give IPAmj 明朝 or the GJ font itself"))
        for name, number in named.items():
            found.setdefault(name, (place, number))
    return list(found), np.array(list(found.values()), np.int32)


def _draw(faces: Sequence[freetype.Face], sources: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.uint8]:
    out = np.zeros((len(sources), size + size // 4, size + size // 4), np.uint8)
    for place, face in enumerate(faces):
        mine = sources[:, 0] == place
        out[mine] = draw(face, sources[mine, 1], size)
    return out


def _build(
    fonts: Sequence[Path], sources: npt.NDArray[np.int32], model: Model, progress: Progress | None
) -> npt.NDArray[np.int8]:
    """The packed vectors of all glyphs, drawn and described by as many threads as there are processors, each
    with faces of its own: a face is for one thread at a time. The projection has threads of its own."""
    packed = np.zeros((len(sources), model.matrix.shape[1]), np.int8)
    threads = os.cpu_count() or 1
    spare = SimpleQueue[tuple[freetype.Face, ...]]()
    for _ in range(threads):
        spare.put(tuple(open_font(path) for path in fonts))

    def described(start: int) -> Floats:
        faces = spare.get()
        try:
            return describe(_draw(faces, sources[start : start + _BATCH], DOTS))
        finally:
            spare.put(faces)

    with ThreadPoolExecutor(threads, thread_name_prefix="gaiji") as pool:
        parts = pool.map(described, range(0, len(sources), _BATCH))
        for start in range(0, len(sources), _BATCH * _TOGETHER):
            some = list(islice(parts, _TOGETHER))
            end = start + sum(map(len, some))
            packed[start:end] = pack(model.project(np.concatenate(some)))
            if progress:
                progress(end, len(sources))
    return packed


def _read(path: Path, fonts: tuple[Path, ...]) -> Gallery | None:
    """The cached gallery, or None when there is none or it is damaged: it is only a cache."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names, sources, packed = file["names"], file["sources"], file["vectors"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    if not len(names) == len(sources) == len(packed):
        return None
    return Gallery(fonts, tuple(names.astype(str).tolist()), sources, packed, path, built=False)


def _write(
    path: Path, names: Sequence[str], sources: npt.NDArray[np.int32], packed: npt.NDArray[np.int8]
) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            np.savez_compressed(file, names=np.array(names, "S8"), sources=sources, vectors=packed)
        os.replace(file.name, path)
    except OSError as error:
        what = fault("E0282", "cannot keep the index: {reason}", reason=error.strerror)
        raise ShapeError(
            what, where=str(path.parent), next=tr("set GAIJI_HOME to a folder you can write")
        ) from error
    _forget_old(path)


def _forget_old(path: Path) -> None:
    """Keeps the newest few galleries: each new font release would leave one behind for ever."""
    kept = sorted(path.parent.glob("*.npz"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in kept[_KEEP:]:
        with suppress(OSError):
            old.unlink()
