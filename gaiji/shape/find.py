"""One character's picture files → the glyphs that they show, as ``gaiji glyph find`` prints them.

Owns the public function behind the command. Does not read formats (``gaiji.shape.pictures``) nor compare.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from gaiji.errors.messages import mark, tr
from gaiji.shape import Answer, as_ink, load_index
from gaiji.shape.pictures import read_image
from gaiji.standard.errata import erratum
from gaiji.standard.repertoire import load_repertoire

VERDICTS = {
    "near-certain": mark("near certain: compare the first glyph"),
    "likely": mark("likely among these"),
    "not-in-repertoire": mark("probably not in MJ/GJ; the nearest glyphs"),
}


def find_glyph(
    files: Sequence[Path],
    *,
    fonts: Sequence[Path] | None = None,
    strokes: int | None = None,
    limit: int = 10,
    progress: bool = False,
) -> Answer:
    """The glyphs that picture files of one character show, best first (see ``Index.query``).

    ``fonts`` as in ``load_index``; ``progress`` shows the building of an index on a terminal.
    PictureError when a file is no picture, ShapeError when a picture or font cannot be used.
    """
    inks = [as_ink(read_image(file), str(file)) for file in files]
    return load_index(fonts, progress=IndexBar() if progress else None).query(
        inks, strokes=strokes, limit=limit
    )


def lines(answer: Answer) -> list[str]:
    """The answer for a terminal: the verdict, then rank, name, text and probability of each glyph, with what
    is known to be wrong of it in the list."""
    known = load_repertoire()
    out = [tr(VERDICTS[answer.verdict])]
    for rank, match in enumerate(answer.matches, 1):
        text = known[match.glyph].text if match.glyph in known else ""
        out.append(f"{rank:3}. {match.glyph} {text}  {match.score:.3f}")
        if wrong := erratum(match.glyph):
            out.append(tr("     erratum: {wrong}", wrong=wrong))
    return out


class IndexBar:
    """Glyphs done on standard error; nothing when that is no terminal or the index is in the cache."""

    def __init__(self) -> None:
        self._shown = 0

    def __call__(self, done: int, total: int) -> None:
        from tqdm import tqdm

        if not self._shown:
            self._bar = tqdm(
                total=total, desc=tr("index"), unit=tr(" glyphs"), file=sys.stderr, disable=None, leave=False
            )
        self._bar.update(done - self._shown)
        self._shown = done
        if done == total:
            self._bar.close()
