"""Glyph names back to vendor bytes, which say what text alone cannot where selectors were dropped.

Owns how glyph names and the characters of a text go together. Encoding itself is in ``gaiji.codes.texts``;
``known`` is a charset's glyphs with the text of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gaiji.errors import ArgumentError, ArgumentTypeError, CharsetError
from gaiji.errors.messages import fault, tr
from gaiji.standard.characters import coded, first_code
from gaiji.standard.repertoire import Repertoire


def check_names(glyphs: Sequence[str | None]) -> None:
    """ArgumentTypeError when these are no names of glyphs, or None."""
    if isinstance(glyphs, str) or not all(name is None or isinstance(name, str) for name in glyphs):
        raise ArgumentTypeError(
            fault("E0359", "is no list of names"), argument="glyphs", next=tr("give str or None for each")
        )


def check_glyphs(
    name: str, known: Mapping[str, str], glyphs: Sequence[str | None], chars: Sequence[str], *, strict: bool
) -> None:
    """Whether glyphs and the characters of a text go together, and (``strict``) each glyph has a code in the
    charset ``name``: ArgumentError, else CharsetError."""
    if len(chars) != len(glyphs) and (chars or None in glyphs):
        raise ArgumentError(
            fault(
                "E0360", "has {count} characters for {count2} glyphs", count=len(chars), count2=len(glyphs)
            ),
            argument="text",
            next=tr("give the text that the glyphs were decoded with"),
        )
    missing = next((glyph for glyph in glyphs if glyph and glyph not in known), None)
    if missing is not None and strict:
        raise CharsetError(
            fault("E0039", "{name} has no code for {missing}", name=name, missing=missing[:20]),
            next=tr("use errors='geta', or give a site table that maps it"),
        )


def glyph_text(known: Mapping[str, str], glyphs: Sequence[str], chars: Sequence[str]) -> str:
    """The text that encodes to the codes of these glyphs: see ``Charset.glyph_text``."""
    return "".join(
        known.get(n, "〓") if n != "-" else chars[i] if i < len(chars) else "" for i, n in enumerate(glyphs)
    )


def pieces(glyphs: Sequence[str | None], text: str, *, unicode: bool, repertoire: Repertoire) -> list[str]:
    """A decoded text cut where the source's characters were. Those of Unicode are code points, but for a
    glyph that has a name: it may have become a base with its selector."""
    if not unicode:
        return coded(text)
    found, at = [], 0
    for name in glyphs:
        glyph = repertoire.get(name) if name else None
        forms = (glyph.text, glyph.base) if glyph else ()
        length = next((len(form) for form in forms if form and text.startswith(form, at)), 0)
        piece = text[at : at + length] or first_code(text, at)
        found += [piece] if piece else []
        at += len(piece)
    return [*found, text[at:]] if at < len(text) else found
