"""Sizes and places in bytes: what PICTURE, USAGE, SIGN and OCCURS make of an item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook.choose import families
from gaiji.layout.copybook.entries import FLOATING, FULL, MAX_RECORD, SIZED, USAGES, Item, Leaf
from gaiji.model.pattern import Pattern

MAX_OCCURS_DEPTH = 3
MAX_DIGITS = 38
_SYMBOLS = {"CR", "DB", *"XA9NGUSVPBZE0/+-*$¥\\.,"}
_PICTURE = Pattern(r"(CR|DB|[A-Z0-9/+\-*$¥\\.,])(?:\(([0-9]{1,9})\))?")


def measure(item: Item, usage: str, sync: bool, depth: int) -> None:
    """Set size (of one occurrence), leaf and the count of named leaves, from the bottom up."""
    usage = item.usage or usage
    sync = sync or item.sync
    depth += item.occurs > 1
    if depth > MAX_OCCURS_DEPTH:
        raise item.error(
            fault(
                "E0125", "OCCURS is nested deeper than {max_occurs_depth}", max_occurs_depth=MAX_OCCURS_DEPTH
            ),
            tr("split the layout"),
        )
    silent = item.named_leaves < 0
    if not item.children and item.level:
        item.leaf = _leaf(item, usage)
        item.synced = sync and item.leaf.type in ("binary", "float")
        item.size = item.leaf.size
        item.named_leaves = int(bool(item.name) and not silent)
    else:
        item.named_leaves = 0
        for family in families(item):
            for child in family:
                measure(child, usage, sync, depth)
                item.named_leaves += child.named_leaves * child.occurs
            item.size += max(child.size * child.occurs for child in family)
    if item.size * item.occurs > MAX_RECORD:
        raise item.error(
            fault("E0126", "is longer than {max_record:,} bytes", max_record=MAX_RECORD),
            tr("check the PICTURE and OCCURS below it"),
        )


def place(item: Item, start: int) -> None:
    """Set where the first occurrence of every item begins; what redefines begins where its area does."""
    item.start = start
    for family in families(item):
        for child in family:
            place(child, start)
        start += max(child.size * child.occurs for child in family)


def _leaf(item: Item, usage: str) -> Leaf:
    """How the bytes of an elementary item are read."""
    if usage in SIZED or usage in FLOATING:
        if item.picture:
            raise item.error(
                fault("E0127", "a {usage} item has no PICTURE", usage=usage), tr("remove one of the two")
            )
        if usage in FLOATING:
            leaf = Leaf("float", FLOATING[usage])
        else:
            leaf = Leaf("binary", *SIZED[usage], signed=item.sign != "UNSIGNED")
    elif not item.picture:
        raise item.error(
            fault("E0128", "has neither a PICTURE nor items below it"),
            tr("add the PICTURE, or correct the levels"),
        )
    else:
        return _pictured(item, usage.upper())
    return leaf


def _pictured(item: Item, usage: str) -> Leaf:
    """An item with a PICTURE: its category, then the bytes that its usage (a word of COBOL) gives it."""
    word, usage = usage, USAGES[usage]
    symbols = _symbols(item)
    letters = set(symbols)
    count = sum(n for symbol, n in symbols.items() if symbol not in "SV")
    if not count:
        raise item.error(
            fault("E0130", "PICTURE {picture} has no characters", picture=item.picture),
            tr("check its symbols"),
        )
    if "P" in letters:
        raise item.error(
            fault("E0131", "the P of a PICTURE (scaling) is not supported"),
            tr("write the number as 9(n), scale it later"),
        )
    if letters & {"U"} or item.byte_length or usage == "utf-8":
        return _utf8(item, usage, letters, count)
    if letters & {"N", "G"}:
        if letters - {"N", "G", "B"} or usage not in ("display", "dbcs"):
            raise item.error(
                fault(
                    "E0132", "PICTURE {picture} mixes double-byte and other data", picture=item.picture[:40]
                ),
                tr("split the item"),
            )
        written = word if word in ("NATIONAL", "DISPLAY-1") else ""
        national = "" if "G" in letters or written == "DISPLAY-1" else written or "unsaid"
        return Leaf("dbcs", 2 * count, national=national.lower())
    if letters <= {"9", "S", "V"}:
        if word == "NATIONAL":
            return _national_digits(item, symbols)
        leaf = _numeric(item, usage, symbols)
        return replace(leaf, digits=0) if word in FULL else leaf
    if usage != "display":
        raise item.error(
            fault("E0133", "PICTURE {picture} is not numeric, its usage is", picture=item.picture[:40]),
            tr("correct one of the two"),
        )
    if letters <= {"X", "A", "9", "B", "0", "/"} and letters & {"X", "A"}:
        return Leaf("mixed", count)
    width = count + sum(n for symbol, n in symbols.items() if symbol in ("CR", "DB"))
    if letters & {"X", "A"} or "S" in letters or not letters & {"9", "Z", "*", "+", "-", "$", "¥", "\\"}:
        raise item.error(
            fault("E0134", "PICTURE {picture} is not a known form", picture=item.picture[:40]),
            tr("check its symbols"),
        )
    return Leaf("sbcs", width)


def _utf8(item: Item, usage: str, letters: set[str], count: int) -> Leaf:
    """PIC U: four bytes a character, or as many as BYTE-LENGTH says, in UTF-8 whatever the rest is in."""
    if letters - {"U"} or usage not in ("display", "utf-8"):
        raise item.error(
            fault("E0480", "PICTURE {picture} is not one of UTF-8 characters", picture=item.picture[:40]),
            tr("write U(n), or one U and BYTE-LENGTH"),
        )
    if item.byte_length and count > 1:
        raise item.error(
            fault("E0481", "has a PICTURE of {count} characters and a BYTE-LENGTH", count=count),
            tr("write one U with BYTE-LENGTH, or U(n) without"),
        )
    return Leaf("mixed", item.byte_length or 4 * count, charset="unicode-utf8")


def _national_digits(item: Item, symbols: Mapping[str, int]) -> Leaf:
    """A number in national characters: two bytes a digit; read as text, so it must be plain digits or have
    its sign apart."""
    leaf = _numeric(item, "display", symbols)
    if leaf.scale or (leaf.signed and not leaf.sign.endswith("separate")):
        raise item.error(
            fault("E0482", "a national number with decimal places or a sign in a digit is not read"),
            tr("describe its bytes in TOML as a field of type raw"),
        )
    return Leaf("dbcs", 2 * leaf.size, national="national")


def _symbols(item: Item) -> dict[str, int]:
    """How often each symbol stands in a PICTURE, repeats counted."""
    picture, at = item.picture, 0
    counts: dict[str, int] = {}
    while at < len(picture):
        found = _PICTURE.match(picture, at)
        if not found or found[1] not in _SYMBOLS:
            raise item.error(
                fault(
                    "E0135",
                    "PICTURE {picture} is wrong at {picture2!r}",
                    picture=picture[:40],
                    picture2=picture[at : at + 10],
                ),
                tr("check its symbols"),
            )
        counts[found[1]] = counts.get(found[1], 0) + int(found[2] or 1)
        at = found.end()
    for symbol, most in (("S", 1), ("V", 1)):
        if counts.get(symbol, 0) > most:
            raise item.error(
                fault(
                    "E0136",
                    "PICTURE {picture} has more than one {symbol}",
                    picture=picture[:40],
                    symbol=symbol,
                ),
                tr("check its symbols"),
            )
    if counts.get("S") and not picture.startswith("S"):
        raise item.error(
            fault("E0137", "PICTURE {picture} has an S that is not first", picture=picture[:40]),
            tr("check its symbols"),
        )
    return counts


def _numeric(item: Item, usage: str, symbols: Mapping[str, int]) -> Leaf:
    """A number: zoned (DISPLAY), packed or binary."""
    digits, signed = symbols.get("9", 0), "S" in symbols
    if not 1 <= digits <= MAX_DIGITS:
        raise item.error(
            fault("E0138", "PICTURE {picture} has {digits} digits", picture=item.picture[:40], digits=digits),
            tr("use 1 to {max_digits}", max_digits=MAX_DIGITS),
        )
    behind = item.picture.partition("V")[2]
    scale = sum(int(found[2] or 1) for found in _PICTURE.finditer(behind))
    if usage == "packed":
        return Leaf("packed", digits // 2 + 1, digits, scale, signed)
    if usage == "unsigned":
        if signed:
            raise item.error(
                fault("E0472", "is signed, and has no place for a sign"), tr("drop signed, or sign")
            )
        return Leaf("packed", (digits + 1) // 2, digits, scale, sign="none")
    if usage == "binary":
        if digits > 18:
            raise item.error(
                fault("E0139", "a binary item of {digits} digits has no fixed size", digits=digits),
                tr("use at most 18 digits"),
            )
        return Leaf("binary", 2 if digits <= 4 else 4 if digits <= 9 else 8, digits, scale, signed)
    if usage != "display":
        raise item.error(fault("E0140", "a number cannot be double-byte"), tr("correct USAGE or PICTURE"))
    if item.blank_zero:  # IBM: the category becomes numeric-edited, and zero is all spaces
        return Leaf("sbcs", digits)
    end, separate = _inherited_sign(item) if signed else ("TRAILING", False)
    sign = f"{end.lower()}-separate" if separate else "leading" if end == "LEADING" else ""
    return Leaf("zoned", digits + separate, digits, scale, signed, sign)


def _inherited_sign(item: Item) -> tuple[str, bool]:
    """(LEADING or TRAILING, SEPARATE) of the item or the nearest group that states a SIGN."""
    at: Item | None = item
    while at is not None:
        if at.sign in ("LEADING", "TRAILING"):
            return at.sign, at.separate
        at = at.parent
    return "TRAILING", False
