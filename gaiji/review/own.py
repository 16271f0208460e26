"""The picture of an item itself, which clerks compare with the candidates.

Owns where it comes from: the town's picture of a 外字, or, where the code is a glyph of the standard
repertoire (縮退), the fonts that draw the candidates too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gaiji.model import Picture
from gaiji.queue.items import Item
from gaiji.standard.repertoire import load_repertoire

if TYPE_CHECKING:
    from gaiji.shape.pictures import Gallery


def own_picture(
    found: Item, pictures: Sequence[Picture], gallery: Gallery | None, side: int
) -> Picture | None:
    """The picture of an item, ``side`` dots where the gallery draws it; None where there is none."""
    if pictures:
        return pictures[0]
    if gallery is None or not found.system.startswith("shrink "):
        return None
    glyph = load_repertoire().get(found.code)
    return gallery.glyph(glyph.name, side) if glyph is not None else None
