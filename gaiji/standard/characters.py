"""What one character is: a base with the selector, voicing mark or combining mark that belongs to it.

Owns where text may be cut and counted. Which glyph a character is, is in ``gaiji.standard.repertoire``.

A base is followed by at most what the standards put behind one: a variation selector (VS1-16 U+FE00-FE0F,
VS17-256 U+E0100-E01EF: UTS #37), and marks: U+3099 and U+309A, their half-width forms U+FF9E and U+FF9F
(JIS X 0201's ﾞ and ﾟ, which belong to the half-width katakana before them), and the four marks that
JIS X 0213 composes with (U+0300, U+0301, U+02E5, U+02E9).
"""

from __future__ import annotations

from gaiji.model.pattern import Pattern

SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Variation selectors, for a character class."""
SELECTOR = f"[{SELECTORS}]"
MARKS = "\u3099\u309a\u0300\u0301\u02e5\u02e9"
"""Marks that belong to the character before them, for a character class."""
TAG = r"\{[A-Z0-9-]+:[0-9A-F]+(?:_[0-9A-F]+)?\}"
"""What the policy ``tag`` writes for a code that has no text: one character to people."""
_SELECTOR = Pattern(SELECTOR)
_GLYPH = rf"[^{SELECTORS}][{SELECTORS}{MARKS}]*|."
GLYPH = Pattern(rf"(?s){_GLYPH}")
"""What is drawn as one glyph, as the repertoire and the mapping tables hold it: ﾞ and ﾟ are glyphs of their
own.
"""
CHARACTER = Pattern(rf"(?s)[\uFF66-\uFF9D][\uFF9E\uFF9F]|{_GLYPH}")
"""What a reader counts as one character: half-width kana with their ﾞ or ﾟ too."""
_TAGGED = Pattern(rf"(?s){TAG}|[^{SELECTORS}][{SELECTORS}{MARKS}]?|.")


def glyphs(text: str) -> list[str]:
    """A text cut into what is drawn as one glyph each."""
    found: list[str] = GLYPH.findall(text)
    return found


def characters(text: str) -> list[str]:
    """A text cut into what a reader counts as one character each."""
    found: list[str] = CHARACTER.findall(text)
    return found


def coded(text: str) -> list[str]:
    """Decoded text cut where the codes of a vendor's source were, as far as the text shows: tags stay
    whole."""
    found: list[str] = _TAGGED.findall(text)
    return found


def bare(text: str) -> str:
    """A text without its variation selectors."""
    plain: str = _SELECTOR.sub("", text)
    return plain


def first_code(text: str, at: int = 0) -> str:
    """The character or tag at a place of a text as its source had it, "" at its end."""
    match = _TAGGED.match(text, at)
    return match[0] if match else ""


def first_glyph(text: str) -> str:
    """The first glyph of a text, "" of none."""
    match = GLYPH.match(text)
    return match[0] if match else ""


def is_selector(point: int) -> bool:
    """Whether a code point is a variation selector of a sequence that tables hold (VS17-256)."""
    return 0xE0100 <= point <= 0xE01EF


def points(text: str) -> str:
    """The code points of a text in hex, as tables and errors show them: ``8FBB E0103``."""
    return " ".join(f"{ord(c):04X}" for c in text)
