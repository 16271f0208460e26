"""The first stage: the glyphs of a gallery whose vectors are nearest a query's.

Owns how they are found: by whole numbers among all, then exactly among those that the rounding leaves in
question, so that the answer is that of the exact products. Does not own the vectors (``gallery``) nor what
a cosine is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gaiji.kernel import planes as kernel
from gaiji.shape.features import Floats
from gaiji.shape.model import unit

if TYPE_CHECKING:
    from gaiji.shape.gallery import Gallery

Places = npt.NDArray[np.intp]

_LARGEST = 32767
_ROUNDING = np.float32(1e-5)  # of single precision, beside that to whole numbers
_GROUP = 24  # glyphs of which only the best is looked at for the least cosine that counts


def nearest(gallery: Gallery, query: Floats, costs: Floats | None, count: int) -> tuple[Places, Floats]:
    """Places of the ``count`` glyphs of the highest cosine, highest first, equal ones in the gallery's order,
    and their cosines. ``costs`` are taken off the cosines for the order only."""
    if kernel.compiled():
        asked = _in_question(gallery, query, costs, min(count, len(gallery.names)))
        vectors = unit(gallery.packed[asked].astype(np.float32))
    else:
        asked, vectors = np.arange(len(gallery.names)), gallery.vectors
    cosines: Floats = vectors @ query
    best = _best(cosines if costs is None else cosines - costs[asked], count)
    return asked[best], cosines[best]


def _in_question(gallery: Gallery, query: Floats, costs: Floats | None, count: int) -> Places:
    """Places of all glyphs that may be among the nearest ``count``, in the gallery's order."""
    scale = np.float32(_LARGEST) / np.maximum(np.abs(query).max(), np.float32(1e-9))
    whole = np.rint(query * scale).astype(np.int16)
    rough = np.empty(len(gallery.names), np.float32)
    kernel.products(gallery.packed.reshape(-1), whole, gallery.shares, rough)
    if costs is not None:
        rough -= costs * scale
    off = scale * (np.linalg.norm(query - whole.astype(np.float32) / scale) + _ROUNDING)
    return np.flatnonzero(rough >= _least(rough, count) - 2 * off)


def _least(values: Floats, count: int) -> np.float32:
    """A number that at least ``count`` of the values reach, near the highest such."""
    groups = len(values) // _GROUP
    if groups > count:
        values = values[: groups * _GROUP].reshape(_GROUP, -1).max(axis=0)
    least: np.float32 = np.partition(values, len(values) - count)[-count]
    return least


def _best(row: Floats, count: int) -> Places:
    """Places of the highest values, highest first; equal ones in the given order."""
    count = min(count, len(row))
    top = np.sort(np.argpartition(-row, count - 1)[:count])
    best: Places = top[np.argsort(-row[top], kind="stable")]
    return best
