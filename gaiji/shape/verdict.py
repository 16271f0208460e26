"""From measured likeness to shares and a verdict.

Owns the two calibrated formulas and what a clerk is told. Does not own the numbers in them
(``calibration.json``, set on one half of the evaluation and reported on the other) nor the measuring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gaiji.errors.messages import mark
from gaiji.shape.features import Floats

Verdict = Literal["near-certain", "likely", "not-in-repertoire"]

REASONS: dict[Verdict, str] = {
    "near-certain": mark("先頭の字形とよく一致し、次の候補と十分に離れています"),
    "likely": mark("近い字形があります。候補の細部を見比べてください"),
    "not-in-repertoire": mark("MJ・GJ に近い字形が見当たりません"),
}

STROKE_LIMIT = 4
"""A difference in strokes counts up to here: a miscount is common, a misread number may be anything."""


@dataclass(frozen=True)
class Evidence:
    """What was measured for the candidates of one code, best cosine first.

    ``cosines`` and ``strokes`` are float32 [candidates], ``distances`` float32 [3, candidates] (see
    ``sisters.compare``). ``strokes`` is the difference between the stated number of strokes and the
    glyph's, at most STROKE_LIMIT, 0 where one of them is not known. ``dots`` is the size of the
    largest picture's ink.
    """

    cosines: Floats
    distances: Floats
    strokes: Floats
    dots: int

    def columns(self) -> Floats:
        """What the ranking formula weighs [candidates, 9]: likeness, also by coarseness, and strokes."""
        likeness = np.concatenate((self.cosines[None], self._logs())).T
        return np.concatenate((likeness, likeness * coarseness(self.dots), self.strokes[:, None]), axis=1)

    def summary(self, shares: Floats) -> Floats:
        """What the formula for being in the repertoire at all weighs [18]; ``shares`` are the candidates'.

        The likeness of the best candidate, and that of others as a measure of what likeness is worth here.
        """
        best, logs = int(shares.argmax()), self._logs()
        others = (
            self.cosines[min(1, len(shares) - 1)],
            self.cosines[min(8, len(shares) - 1)],
            np.median(logs[0]),
        )
        values = (1, self.cosines[best], *logs[:, best], np.log(shares[best] + 1e-6), *others)
        row = np.array(values, np.float32)
        return np.concatenate((row, row * coarseness(self.dots)))

    def _logs(self) -> Floats:
        logs: Floats = np.log(np.maximum(self.distances, np.float32(1e-4)))
        return logs


def coarseness(dots: int) -> np.float32:
    """How coarse a picture is: 1 at 24 dots, 0.5 at 48 and more, at most 1.5."""
    return np.float32(min(max(24 / max(dots, 1), 0.5), 1.5))


def share_out(evidence: Evidence, calibration: dict[str, Any]) -> tuple[Floats, float]:
    """Each candidate's share (they add up to 1) and the probability that the glyph is in the repertoire."""
    weights = np.array(calibration["rank"], np.float32)
    appeal = evidence.columns() @ weights
    shares = np.exp(appeal - appeal.max())
    shares /= shares.sum()
    logit = float(evidence.summary(shares) @ np.array(calibration["known"], np.float32))
    return shares, float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def judge(certainty: float, known: float, calibration: dict[str, Any]) -> Verdict:
    """The verdict from the first candidate's certainty (its share × known) and ``known``."""
    if known < calibration["least_known"]:
        return "not-in-repertoire"
    return "near-certain" if certainty >= calibration["least_certain"] else "likely"
