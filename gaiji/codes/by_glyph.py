"""Glyph names back to vendor bytes, which say what text alone cannot where selectors were dropped.

Owns how glyph names and the characters of a text go together. Encoding itself is in ``gaiji.codes.texts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gaiji.codes import arguments as given
from gaiji.errors import ArgumentError, ArgumentTypeError, CharsetError
from gaiji.messages import fault, tr
from gaiji.standard.characters import coded, first_code

if TYPE_CHECKING:
    from gaiji.codes.charset import Charset


def encode_glyphs(
    charset: Charset, glyphs: Sequence[str | None], text: str, *, errors: str, type: str
) -> bytes:
    """Glyph names back to vendor bytes: see ``Charset.encode_glyphs``."""
    given.one_of("errors", errors, given.ENCODE_ERRORS)
    if isinstance(glyphs, str) or not all(name is None or isinstance(name, str) for name in glyphs):
        raise ArgumentTypeError(
            fault("E0359", "is no list of names"), argument="glyphs", next=tr("give str or None for each")
        )
    chars = _pieces(charset, glyphs, given.text_of(text))
    if len(chars) != len(glyphs) and (chars or None in glyphs):
        raise ArgumentError(
            fault(
                "E0360", "has {count} characters for {count2} glyphs", count=len(chars), count2=len(glyphs)
            ),
            argument="text",
            next=tr("give the text that the glyphs were decoded with"),
        )
    known = charset.texts.glyph_texts
    missing = next((name for name in glyphs if name and name not in known), None)
    if missing is not None and errors == "strict":
        raise CharsetError(
            fault("E0039", "{name} has no code for {missing}", name=charset.name, missing=missing[:20]),
            next=tr("use errors='geta', or give a site table that maps it"),
        )
    return charset.encode(
        glyph_text(charset, [name or "-" for name in glyphs], text), errors=errors, type=type
    )


def glyph_text(charset: Charset, glyphs: Sequence[str], text: str) -> str:
    """The text that encodes to the codes of these glyphs; ``-`` is the character of ``text`` in its
    place, a glyph that the charset does not have is 〓."""
    chars = _pieces(charset, glyphs, text)
    known = charset.texts.glyph_texts
    out = [
        known.get(n, "〓") if n != "-" else chars[i] if i < len(chars) else "" for i, n in enumerate(glyphs)
    ]
    return "".join(out) if text or "-" not in glyphs else ""


def _pieces(charset: Charset, glyphs: Sequence[str | None], text: str) -> list[str]:
    """A decoded text cut where the source's characters were. Those of Unicode are code points, but for a
    glyph that has a name: it may have become a base with its selector."""
    if not charset.kind.unicode:
        return coded(text)
    pieces, at = [], 0
    for name in glyphs:
        glyph = charset.repertoire.get(name) if name else None
        forms = (glyph.text, glyph.base) if glyph else ()
        length = next((len(form) for form in forms if form and text.startswith(form, at)), 0)
        piece = text[at : at + length] or first_code(text, at)
        pieces += [piece] if piece else []
        at += len(piece)
    return [*pieces, text[at:]] if at < len(text) else pieces
