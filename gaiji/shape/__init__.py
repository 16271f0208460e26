"""Identification by shape: a 外字 bitmap against every MJ and GJ glyph of the fonts that the user has.

Owns the public names below. It proposes and never decides: the answers order the review queue and
pre-fill proposals, and a person accepts them. Does not read 外字 files; pictures come as arrays.
Needs the extra ``images``; docs/shape.md has method, figures and limits.
"""

from __future__ import annotations

from gaiji.errors import MissingExtra
from gaiji.errors.messages import tr

try:
    import freetype  # noqa: F401
    import numpy  # noqa: F401
    import PIL  # noqa: F401
except ImportError as error:
    raise MissingExtra(tr("identification by shape"), "images") from error

from gaiji.shape.index import Answer, Index, Match, load_index
from gaiji.shape.picture import as_ink

__all__ = ["Answer", "Index", "Match", "as_ink", "load_index"]
