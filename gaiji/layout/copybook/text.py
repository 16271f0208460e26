"""The text of a copybook in fixed or free reference format, cut into words.

Owns columns, comments, continuations and literals. Knows no clause.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from gaiji.errors import LayoutError
from gaiji.errors.messages import fault, tr
from gaiji.model.pattern import Pattern
from gaiji.model.plain import dataclass

FORMATS = ("auto", "fixed", "free")

# A literal with its optional type prefix, a word (a point or comma inside it does not end it), or a point.
_TOKEN = Pattern(
    r"""(?:[A-Za-z]{0,2}+(?:"(?:[^"]|"")*+"|'(?:[^']|'')*+'))|[^\s;,."']++(?:[.,]++[^\s;,."']++)*+|\.|["']"""
)
_LINE_END, _WORD = Pattern(r"\r\n|\r|\n"), Pattern(r"[\w-]+")
_SEQUENCE = Pattern(r" {6}|[^ ]{6}|[0-9]{3,5} {1,3}")
_SOURCE_FORMAT = Pattern(
    r"(?i)(?:>>|\$SET )\s*+SOURCE\s*+(?:FORMAT)?+\s*+(?:IS\s|\()?+\s*+[\"']?+(FREE|FIXED)"
)


@dataclass(frozen=True)
class Token:
    """One word, literal or point, with the line that it stands on."""

    text: str
    line: int

    @property
    def word(self) -> str:
        """The token as COBOL compares it."""
        return self.text.upper()


def tokens(text: str, format: str, path: str) -> Iterator[Token]:
    """Words, literals and points of every line, comments and the sequence area left out."""
    for number, line in _logical_lines(text, format, path):
        for found in _TOKEN.finditer(line):
            token = found[0]
            if token in "\"'":
                raise LayoutError(
                    fault("E0098", "a literal has no closing quote"),
                    path=path,
                    line=number,
                    next=tr("close it, or continue it with - in column 7"),
                )
            yield Token(token, number)


def replaced(found: Iterator[Token], replacing: Mapping[str, str]) -> Iterator[Token]:
    """The tokens after COPY … REPLACING: a whole word, or a part of one that is set off by marks that no name
    has (``:TAG:``, ``(X)``), becomes another word. Literals stay."""
    whole = {old.upper(): new for old, new in replacing.items() if _WORD.fullmatch(old)}
    parts = {old: new for old, new in replacing.items() if old.upper() not in whole}
    for token in found:
        text = token.text
        if text[-1:] not in ("'", '"'):
            text = whole.get(text.upper(), text)
            for old, new in parts.items():
                text = Pattern(f"(?i){re.escape(old)}").sub(new.replace("\\", r"\\"), text)
        if text:
            yield Token(text, token.line)


def _logical_lines(text: str, format: str, path: str) -> Iterator[tuple[int, str]]:
    """Source lines with continuations joined: (number of the first line, text)."""
    lines = [line.expandtabs(8).rstrip("\x1a\x0c \u3000") for line in _LINE_END.split(text)]
    fixed = _is_fixed(lines) if format == "auto" else format == "fixed"
    parts: list[str] = []
    first, quote = 0, ""
    for number, line in enumerate(lines, 1):
        directive = line.lstrip().startswith(">>") or "$" in line[:8]
        if directive and (declared := _SOURCE_FORMAT.search(line)):
            fixed = declared[1].upper() == "FIXED" if format == "auto" else fixed
            continue
        indicator, body = _fixed_line(line) if fixed else _free_line(line)
        if indicator in ("*", "/") or not body.strip():
            continue
        if indicator not in (" ", "-"):
            raise LayoutError(
                fault("E0099", "column 7 holds {indicator!r}", indicator=indicator),
                path=path,
                line=number,
                next=tr("remove debugging and directive lines; a comment has * there"),
            )
        if indicator == "-":
            if not parts:
                raise LayoutError(
                    fault("E0100", "a continuation continues nothing"),
                    path=path,
                    line=number,
                    next=tr("clear column 7"),
                )
            body = body.lstrip()
            body = body[1:] if quote and body.startswith(quote) else body
            parts[-1] = parts[-1] if quote else parts[-1].rstrip()
        else:
            if parts:
                yield first, "".join(parts)
            parts, first, quote = [], number, ""
        body, quote = _without_comment(body, quote)
        parts.append(body)
    if parts:
        yield first, "".join(parts)


def _is_fixed(lines: Sequence[str]) -> bool:
    """Whether every line that could be code leaves columns 1–6 to numbers and column 7 to an indicator."""
    code = [line for line in lines if line.strip() and not line.lstrip().startswith(("*", ">>", "$", "/"))]
    return all(_SEQUENCE.fullmatch(line[:6].ljust(6)) and line[6:7] in ("", *" -*/DdS$") for line in code)


def _fixed_line(line: str) -> tuple[str, str]:
    """(indicator in column 7, text of columns 8–72). A double-byte character fills two columns.

    Rule: the columns are those of the host, where source is Shift_JIS or EBCDIC with two-byte characters.
    """
    if line.lstrip().startswith("*>"):
        return "*", ""
    if line.isascii():
        return line[6:7] or " ", line[7:72]
    column, indicator, kept = 0, " ", []
    for char in line:
        if column == 6:
            indicator = char
        elif 7 <= column < 72:
            kept.append(char)
        column += 2 if unicodedata.east_asian_width(char) in "WFA" else 1
    return indicator, "".join(kept)


def _free_line(line: str) -> tuple[str, str]:
    """(indicator, text): a free-format line that begins with * or / is a comment."""
    bare = line.lstrip()
    return (bare[0], "") if bare.startswith(("*", "/")) else (" ", line)


def _without_comment(body: str, quote: str) -> tuple[str, str]:
    """The text before ``*>``, and the quote that is still open at its end ("" for none)."""
    for at, char in enumerate(body):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "*" and body.startswith("*>", at):
            return body[:at], ""
    return body, quote
