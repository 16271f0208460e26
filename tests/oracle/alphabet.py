"""What can be written in a charset: its characters in groups, from the oracle's own reading of the tables.

Owns which codes the generator draws from, and which it leaves alone because nobody has said what is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from oracle.charsets import LOST, Charset, load, marks_of_loss, sequences, standard_kanji

SUSPICIOUS = frozenset("\x1a[]］（）()【】〔〕《》「」『』〈〉＜＞<>{}｛｝") | marks_of_loss() - LOST
"""What may be the trace of a loss in a name, or its end: left out of names."""
KANA = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30FB), *range(0xFF66, 0xFFA0))))
SIGNS = "".join(map(chr, range(0x21, 0x7F))) + "、。「」々〆〇ー　"


@dataclass
class Alphabet:
    """Codes by what they are: ``single`` and ``double`` (and longer) characters, blanks, and kinds of findings."""

    single: list[bytes] = field(default_factory=list)
    double: list[bytes] = field(default_factory=list)
    narrow_blanks: list[bytes] = field(default_factory=list)
    wide_blanks: list[bytes] = field(default_factory=list)
    controls: list[bytes] = field(default_factory=list)
    special: dict[str, list[bytes]] = field(default_factory=dict)


def alphabet(name: str, role: str, type: str = "mixed") -> Alphabet:
    """What a field of that role and type can hold in the charset of that name."""
    return _typed(name, role == "name", type if load(name).kind == "shifted" else "mixed")


@cache
def _typed(name: str, is_name: bool, type: str) -> Alphabet:
    """Without the double bytes of a field of single bytes, and the other way round."""
    every = _alphabet(name, is_name)
    if type == "mixed":
        return every
    single = type == "sbcs"

    def fit(codes: list[bytes]) -> list[bytes]:
        return [c for c in codes if (len(c) == 1) == single]

    return Alphabet(
        *(fit(codes) for codes in (every.single, every.double)),
        fit(every.narrow_blanks),
        fit(every.wide_blanks),
        fit(every.controls),
        {reason: found for reason, codes in every.special.items() if (found := fit(codes))},
    )


@cache
def _alphabet(name: str, is_name: bool) -> Alphabet:
    charset = load(name)
    out = Alphabet()
    if charset.unicode:
        _unicode(charset, out)
    heads = {shift[:1] for shift in (*charset.shift_in, *charset.shift_out)}
    for code, meaning in charset.codes.items():
        wide = len(code) > 1
        if meaning.reason:
            out.special.setdefault(meaning.reason, []).append(code)
        elif meaning.text in (" ", "\u3000"):
            (out.wide_blanks if wide else out.narrow_blanks).append(code)
        elif meaning.text < " " or "\x7f" <= meaning.text <= "\x9f":
            if code not in heads and meaning.text not in "\t\n\r\x1a":
                out.controls.append(code)
        elif meaning.text in LOST:
            out.special.setdefault("lost", []).append(code)
        elif code not in heads and not (is_name and meaning.text in SUSPICIOUS):
            (out.double if wide else out.single).append(code)
    if charset.kind == "decimal":
        out.narrow_blanks.append(b" ")
    if charset.kind == "shifted":  # a single byte, illegal or not, that begins a shift is a shift
        out.special["illegal"] = [
            c for c in out.special["illegal"] if c[:1] not in heads and c[1:] not in heads
        ]
    return out


@cache
def _texts() -> tuple[str, ...]:
    """Characters of Unicode that are right as they stand."""
    texts = set(KANA + SIGNS) | set(standard_kanji()) | set(sequences())
    return tuple(sorted(texts - LOST - SUSPICIOUS - {"\u3000"}))


def _unicode(charset: Charset, out: Alphabet) -> None:
    codec = {"utf-16-be": "utf-16-be", "utf-16-le": "utf-16-le", "utf-8": "utf-8"}[charset.kind]
    for text in _texts():
        code = text.encode(codec)
        (out.single if len(code) == 1 else out.double).append(code)
    out.narrow_blanks.append(" ".encode(codec))
    out.wide_blanks.append("\u3000".encode(codec))
    out.controls += [chr(c).encode(codec) for c in (1, 3, 0x1B, 0x7F)]
    out.special["lost"] = [mark.encode(codec) for mark in sorted(LOST)]
    out.special["unmapped-gaiji"] = [chr(c).encode(codec) for c in range(0xE000, 0xE200)]
    out.special["unmapped-gaiji-15"] = [chr(c).encode(codec) for c in range(0xF0000, 0xF0100)]
    out.special["unicode-dash"] = [c.encode(codec) for c in "～∥－―￠￡￢"]
