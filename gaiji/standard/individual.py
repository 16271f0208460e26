"""個人番号 in text: what is one, and text without it.

Owns the check digit. A 個人番号 is twelve digits whose last is the 検査用数字 of 平成26年総務省令第85号,
第5条 (行政手続における特定の個人を識別するための番号の利用等に関する法律の規定による通知カード及び個人番号
カード並びに情報提供ネットワークシステムによる特定個人情報の提供等に関する省令): with Pn the n-th of the
eleven other digits from the right, Qn = n + 1 for n ≤ 6 and n − 5 for n ≥ 7, it is 11 − (Σ PnQn mod 11),
and 0 where the remainder is 0 or 1. About one in eleven other numbers of twelve digits passes. Knows no
field's name: a number is found wherever it stands.
"""

from __future__ import annotations

from gaiji.model.pattern import Pattern

DIGITS = 12
WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
"""Qn of the eleven digits, from the left."""
HIDDEN = "＊"
MARKS = "【】"
"""What stands around the character that a sample is about: it may be a digit of a number."""
DIGIT = "[0-9０-９]"
BETWEEN = " \u3000-‐‑‒–—―−－ーｰ"
"""What may stand between its fours: blanks, and whatever a charset makes of a dash."""
FOUR, GAP = f"{DIGIT}{{4}}", f"[{BETWEEN.replace('-', '')}-]"
_NUMBER = Pattern(f"(?<!{DIGIT}){FOUR}{GAP}?{FOUR}{GAP}?{FOUR}(?!{DIGIT})")


def checked(digits: str) -> bool:
    """Whether twelve digits end in the right check digit; twelve zeros are no number."""
    rest = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False)) % 11
    return int(digits[-1]) == (0 if rest <= 1 else 11 - rest) and int(digits) > 0


def hidden(text: str) -> str:
    """A text with ＊ in the place of every digit of a 個人番号; marks in it stay."""
    if len(text) < DIGITS:
        return text
    places = [at for at, char in enumerate(text) if char not in MARKS]
    plain = "".join(text[at] for at in places)
    spans = [m.span() for m in _NUMBER.finditer(plain, overlapped=True) if checked(_plain(m[0]))]
    for first, last in reversed(spans):
        begin, end = places[first], places[last - 1] + 1
        number = "".join(
            HIDDEN if c.isdecimal() else c for c in text[begin:end] if c.isdecimal() or c in MARKS
        )
        text = text[:begin] + number + text[end:]
    return text


def holds(text: str) -> bool:
    """Whether a 個人番号 stands in a text."""
    return hidden(text) != text


def _plain(text: str) -> str:
    return "".join(str(int(c)) for c in text if c.isdecimal())
