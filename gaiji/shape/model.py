"""What was learnt from data: the whitening projection and the calibration of the answers.

Owns ``model.npz`` and ``calibration.json`` beside this file, which ``make shape-model`` and
``make shape-calibration`` write. Does not own how features are made (``features``).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gaiji.errors import ShapeError
from gaiji.errors.messages import fault, tr
from gaiji.shape.features import Floats

MODEL = Path(__file__).with_name("model.npz")
CALIBRATION = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Model:
    """The projection: ``mean`` float32 [features], ``matrix`` float32 [features, dimensions].

    ``digest`` is the SHA-256 of the file, so that a cached gallery made with another model is not used.
    """

    mean: Floats
    matrix: Floats
    digest: str

    def project(self, features: Floats) -> Floats:
        """Unit vectors [n, dimensions], float32, of feature vectors [n, features]."""
        projected: Floats = np.matmul(features - self.mean, self.matrix)
        return unit(projected)


def unit(vectors: Floats) -> Floats:
    """Rows scaled to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = vectors / np.maximum(lengths, np.float32(1e-9))
    return scaled


@lru_cache(maxsize=1)
def load_model() -> Model:
    """The shipped projection; ShapeError when the file is missing or damaged."""
    try:
        data = MODEL.read_bytes()
        with np.load(MODEL, allow_pickle=False) as file:
            mean, matrix = file["mean"].astype(np.float32), file["matrix"].astype(np.float32)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(MODEL, error) from error
    return Model(mean, matrix, hashlib.sha256(data).hexdigest())


@lru_cache(maxsize=1)
def load_calibration() -> dict[str, Any]:
    """The shipped calibration (see ``verdict``); ShapeError when the file is missing or damaged."""
    try:
        values: dict[str, Any] = json.loads(CALIBRATION.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(CALIBRATION, error) from error
    return values


def _damaged(path: Path, error: Exception) -> ShapeError:
    reason = (str(error) or type(error).__name__).splitlines()[0][:120]
    return ShapeError(
        fault("E0284", "cannot be read: {reason}", reason=reason),
        where=str(path),
        next=tr("install gaiji again"),
    )
