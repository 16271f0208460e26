"""Where two texts part, and what stands there, as a proof tells it.

Owns nothing of what is compared.
"""

from __future__ import annotations

from gaiji.standard.characters import first_glyph, points


def part(a: bytes, b: bytes) -> tuple[int, int]:
    """(byte, character) at which two texts part."""
    return place(
        a, next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    )


def place(text: bytes, at: int) -> tuple[int, int]:
    """The byte at which the character around ``at`` begins (a selector is its base's), and its number."""
    starts = [i for i, b in enumerate(text[: at + 1]) if b & 0xC0 != 0x80 and text[i : i + 2] != b"\xf3\xa0"]
    return (starts[-1], len(starts) - 1) if starts else (0, 0)


def first(raw: bytes) -> str:
    """The first character of some bytes as code points with its selector, or the bytes when they are none."""
    for n in range(min(8, len(raw)), 0, -1):
        try:
            text = raw[:n].decode()
        except UnicodeDecodeError:
            continue
        return points(first_glyph(text))
    return raw[:4].hex().upper()


def first_of(kind: int, found: bytearray, most: int) -> list[int]:
    """Where a class stands first among those found, ``most`` places at the most."""
    out: list[int] = []
    while len(out) < most and (at := found.find(kind, out[-1] + 1 if out else 0)) >= 0:
        out.append(at)
    return out
