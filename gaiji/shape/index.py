"""The index: pictures of a code in, ranked glyphs and a verdict out.

Owns ``load_index``, ``Index`` and ``Answer``. Does not own the parts: gallery, features, comparison
of sisters, verdict. Threads may share an index.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gaiji.errors import ShapeError
from gaiji.errors.messages import fault, tr
from gaiji.shape.features import Floats, describe_each, fine_planes
from gaiji.shape.gallery import Gallery, Progress, find_fonts, kept_gallery, load_gallery
from gaiji.shape.model import load_calibration, load_model
from gaiji.shape.nearest import nearest
from gaiji.shape.picture import Ink, Source, as_ink
from gaiji.shape.sisters import compare
from gaiji.shape.verdict import REASONS, STROKE_LIMIT, Evidence, Verdict, judge, share_out
from gaiji.standard.repertoire import load_repertoire

COMPARED = 16
"""Candidates of the first stage that the second one compares."""

_STROKE_COST = np.float32(
    0.02
)  # cosine a stroke of difference costs in the first stage; sisters are nearer than that
_TOGETHER = 64  # codes whose pictures are described at once
_KEPT = 4096  # fine planes of gallery glyphs kept for later queries, 13 kB each


class Match(NamedTuple):
    """A glyph (``MJ026190``) and the probability, 0 to 1, that the picture shows it."""

    glyph: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pictures of one code show: matches best first, a verdict, and its reason in Japanese.

    ``known`` is the probability that the glyph is in the repertoire at all. The scores of all
    candidates add up to at most that.
    """

    matches: tuple[Match, ...]
    verdict: Verdict
    reason: str
    known: float


class Index:
    """Every glyph of a gallery, ready to be asked; made by ``load_index``."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self._model = load_model()
        self._calibration = load_calibration()
        self._planes: dict[int, Floats] = {}
        self._lock = threading.Lock()  # FreeType's faces and the kept planes are for one thread at a time

    def __len__(self) -> int:
        """The number of glyphs."""
        return len(self.gallery.names)

    def query(self, images: Sequence[Source], *, strokes: int | None = None, limit: int = 10) -> Answer:
        """The glyphs that several pictures of one code show.

        Each picture is a uint8 array, 0 = paper, 255 = ink, a ``Picture`` or a Pillow image. ``strokes`` is
        the number of strokes when somebody has counted them: glyphs with another number lose by it but are
        not left out. ShapeError when there is no picture or one of them is empty, black or of no usable size.
        """
        return self.query_many([images], strokes=[strokes], limit=limit)[0]

    def query_many(
        self,
        codes: Sequence[Sequence[Source]],
        *,
        strokes: Sequence[int | None] | None = None,
        limit: int = 10,
        progress: Progress | None = None,
    ) -> list[Answer]:
        """One answer for each code's pictures, as ``query``; faster for many codes at once."""
        answers = []
        for part, evidence in self.measure(codes, strokes=strokes, more=limit):
            answers.append(self._answer(part, evidence, limit))
            if progress:
                progress(len(answers), len(codes))
        return answers

    def likeness(self, images: Sequence[Source]) -> dict[str, float]:
        """How like the pictures of one code every glyph is: name → cosine of the first stage, for an order.
        ShapeError as for ``query``."""
        pictures = [picture for some in _checked([images], 0) for picture in some]
        vectors = self._model.project(describe_each(pictures)[0])
        cosines = vectors.mean(axis=0) @ self.gallery.vectors.T
        return dict(zip(self.gallery.names, cosines.tolist(), strict=True))

    def measure(
        self,
        codes: Sequence[Sequence[Source]],
        *,
        strokes: Sequence[int | None] | None = None,
        more: int = COMPARED,
    ) -> Iterator[tuple[npt.NDArray[np.intp], Evidence]]:
        """For each code the glyphs' places, best cosine first, and the evidence for the first of them.

        At least ``more`` places come; the evidence covers the first COMPARED. This is what calibration
        and evaluation work on.
        """
        wanted: Sequence[int | None] = strokes if strokes is not None else [None] * len(codes)
        for start in range(0, len(codes), _TOGETHER):
            part = slice(start, start + _TOGETHER)
            yield from self._measure(_checked(codes[part], start), wanted[part], max(more, COMPARED))

    def _measure(
        self, codes: list[list[Ink]], strokes: Sequence[int | None], more: int
    ) -> Iterator[tuple[npt.NDArray[np.intp], Evidence]]:
        owner = np.repeat(np.arange(len(codes)), [len(pictures) for pictures in codes])
        coarse, fine = describe_each([picture for pictures in codes for picture in pictures])
        vectors = self._model.project(coarse)
        for code, (pictures, stated) in enumerate(zip(codes, strokes, strict=True)):
            mine = owner == code
            away = self._strokes_away(stated)
            costs = None if away is None else _STROKE_COST * away
            places, cosines = nearest(self.gallery, vectors[mine].mean(axis=0), costs, more)
            compared, cosines = places[:COMPARED], cosines[:COMPARED]
            distances = self._compare(fine[mine], compared, cosines)
            off = np.zeros(len(compared), np.float32) if away is None else away[compared]
            yield places, Evidence(cosines, distances, off, max(max(one.shape) for one in pictures))

    def _compare(self, fine: Floats, places: npt.NDArray[np.intp], cosines: Floats) -> Floats:
        """Distances [3, candidates], the mean over the pictures of one code."""
        candidates = self._fine_planes(places)
        mean: Floats = np.mean([compare(picture, candidates, cosines) for picture in fine], axis=0)
        return mean

    def _fine_planes(self, places: npt.NDArray[np.intp]) -> Floats:
        """Fine planes of gallery glyphs, drawn when first asked for."""
        with self._lock:
            new = [int(place) for place in places if int(place) not in self._planes]
            if new and len(self._planes) + len(new) > _KEPT:
                self._planes.clear()
                new = [int(place) for place in places]
            if new:
                drawn = fine_planes(self.gallery.draw(new))
                self._planes.update(zip(new, drawn, strict=True))
            return np.stack([self._planes[int(place)] for place in places])

    def _strokes_away(self, stated: int | None) -> Floats | None:
        """How far each glyph's number of strokes is from the stated one, at most STROKE_LIMIT; None for
        none."""
        if stated is None:
            return None
        away = np.minimum(np.abs(self._strokes - stated), STROKE_LIMIT).astype(np.float32)
        return np.where(self._strokes < 0, np.float32(0), away)

    @cached_property
    def _strokes(self) -> npt.NDArray[np.int32]:
        """Strokes of every glyph; -1 where the list has none."""
        frame = load_repertoire().frame.select("name", "strokes")
        known = {name: -1 if strokes is None else int(strokes) for name, strokes in frame.iter_rows()}
        return np.array([known.get(name, -1) for name in self.gallery.names], np.int32)

    def _answer(self, places: npt.NDArray[np.intp], evidence: Evidence, limit: int) -> Answer:
        shares, known = share_out(evidence, self._calibration)
        order = np.argsort(-shares, kind="stable")
        certainty = float(shares[order[0]]) * known
        verdict = judge(certainty, known, self._calibration)
        ranked = [Match(self.gallery.names[places[one]], float(shares[one]) * known) for one in order]
        ranked += [Match(self.gallery.names[place], 0.0) for place in places[len(shares) :]]
        return Answer(tuple(ranked[:limit]), verdict, tr(REASONS[verdict]), known)


def load_index(fonts: Sequence[Path] | None = None, *, progress: Progress | None = None) -> Index:
    """The index over the user's fonts; built when the cache has none for these fonts, which takes a while.

    ``fonts`` are IPAmj 明朝 and, when the user has it, the GJ font; None looks for them
    (see ``gallery.find_fonts``). ShapeError when a font is missing or not such a font, MissingExtra
    without the extra ``images``.
    """
    return Index(load_gallery(tuple(fonts) if fonts is not None else find_fonts(), progress))


def kept_index(fonts: Sequence[Path] | None = None) -> Index | None:
    """The index when it was built before for these fonts; None instead of building one."""
    gallery = kept_gallery(tuple(fonts) if fonts is not None else find_fonts())
    return Index(gallery) if gallery is not None else None


def _checked(codes: Sequence[Sequence[Source]], first: int) -> list[list[Ink]]:
    out = []
    for number, images in enumerate(codes, first + 1):
        where = f"code {number}" if len(codes) > 1 or first else ""
        if not len(images):
            raise ShapeError(
                fault("E0283", "no picture to identify"), where=where, next=tr("give at least one picture")
            )
        out.append([as_ink(image, where) for image in images])
    return out
