"""COBOL copybooks: data descriptions in, fields with byte offsets out.

Owns the subset of COBOL's data description that record layouts use: fixed and free reference format,
PICTURE, USAGE, SIGN, OCCURS, REDEFINES. Knows nothing of PROCEDURE code, COPY libraries or field contents.

Written here because no parser in the package index fits. ``copybook`` 1.0.16 (MIT, 2022) knows X and 9 only
and counts COMP-3 as one byte a digit; ``python-copybook`` 0.1.2 has no offsets yet and needs Python 3.12;
``coboljsonifier`` 1.0.8 has no N, G or Japanese names; ``cobol-parser`` 3.1.1 (AGPL) and ``python-cobol``
0.1.4 (GPL) do not go with this project's licence.

Source of the rules: IBM Enterprise COBOL for z/OS Language Reference, "Data division: data description
entry" and "Reference format"; sizes of binary items from "USAGE clause".
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import regex
from rapidfuzz import process

from gaiji.errors import LayoutError
from gaiji.layout.roles import ROLES, find_role
from gaiji.model import Field

SUFFIXES = (".cpy", ".cbl", ".cob")
FORMATS = ("auto", "fixed", "free")
MAX_BYTES = 1 << 20
MAX_FIELDS = 10_000
MAX_RECORD = 1 << 24
MAX_OCCURS_DEPTH = 3
MAX_DIGITS = 38
MAX_NAME = 64
MAX_PICTURE = 64

_USAGES = {
    "DISPLAY": "display",
    "DISPLAY-1": "dbcs",
    "NATIONAL": "dbcs",
    "COMP-3": "packed",
    "COMPUTATIONAL-3": "packed",
    "PACKED-DECIMAL": "packed",
    "COMP": "binary",
    "COMPUTATIONAL": "binary",
    "COMP-4": "binary",
    "COMPUTATIONAL-4": "binary",
    "COMP-5": "binary",
    "COMPUTATIONAL-5": "binary",
    "BINARY": "binary",
}
_SIZED = {"BINARY-CHAR": (1, 3), "BINARY-SHORT": (2, 5), "BINARY-LONG": (4, 10), "BINARY-DOUBLE": (8, 19)}
_REFUSED_USAGES = {
    "COMP-1": "floating point",
    "COMPUTATIONAL-1": "floating point",
    "COMP-2": "floating point",
    "COMPUTATIONAL-2": "floating point",
    "FLOAT-SHORT": "floating point",
    "FLOAT-LONG": "floating point",
    "COMP-X": "a Micro Focus form",
    "COMPUTATIONAL-X": "a Micro Focus form",
    "COMP-6": "a Micro Focus form",
    "INDEX": "a machine index",
    "POINTER": "an address",
    "PROCEDURE-POINTER": "an address",
    "FUNCTION-POINTER": "an address",
    "OBJECT": "an object reference",
    "BIT": "bits",
}
_CLAUSES = {
    "REDEFINES",
    "PIC",
    "PICTURE",
    "USAGE",
    "OCCURS",
    "SIGN",
    "LEADING",
    "TRAILING",
    "SYNC",
    "SYNCHRONIZED",
    "JUST",
    "JUSTIFIED",
    "BLANK",
    "VALUE",
    "VALUES",
    "EXTERNAL",
    "GLOBAL",
    *_USAGES,
    *_SIZED,
    *_REFUSED_USAGES,
}
_BARE = {"SYNC", "SYNCHRONIZED", "JUST", "JUSTIFIED", "IS", "EXTERNAL", "GLOBAL"}
_CONTINUES_OCCURS = {"ASCENDING", "DESCENDING", "INDEXED", "DEPENDING"}
_AFTER_NAMES = _CLAUSES | _CONTINUES_OCCURS
_LISTING = {"EJECT", "SKIP1", "SKIP2", "SKIP3"}
_FOREIGN = {"COPY", "REPLACE", "EXEC", "PROCEDURE", "-INC", "++INCLUDE"}

# A literal with its optional type prefix, a word (a point or comma inside it does not end it), or a point.
_TOKEN = regex.compile(
    r"""(?:[A-Za-z]{0,2}+(?:"(?:[^"]|"")*+"|'(?:[^']|'')*+'))|[^\s;,."']++(?:[.,]++[^\s;,."']++)*+|\.|["']"""
)
_SEQUENCE = regex.compile(r" {6}|[^ ]{6}|[0-9]{3,5} {1,3}")
_SOURCE_FORMAT = regex.compile(
    r"(?i)(?:>>|\$SET )\s*+SOURCE\s*+(?:FORMAT)?+\s*+(?:IS\s|\()?+\s*+[\"']?+(FREE|FIXED)"
)
_SYMBOLS = {"CR", "DB", *"XA9NGSVPBZE0/+-*$¥\\.,"}
_PICTURE = regex.compile(r"(CR|DB|[A-Z0-9/+\-*$¥\\.,])(?:\(([0-9]{1,9})\))?")


@dataclass(frozen=True)
class Token:
    """One word, literal or point, with the line that it stands on."""

    text: str
    line: int

    @property
    def word(self) -> str:
        """The token as COBOL compares it."""
        return self.text.upper()


@dataclass
class Item:
    """One data description entry with its children; sizes and places in bytes."""

    level: int
    name: str
    line: int
    path: str
    picture: str = ""
    usage: str = ""
    redefines: str = ""
    occurs: int = 1
    sign: str = ""
    separate: bool = False
    sync: bool = False
    blank_zero: bool = False
    children: list[Item] = field(default_factory=list)
    parent: Item | None = None
    leaf: Leaf | None = None
    size: int = 0
    start: int = 0
    named_leaves: int = 0

    def error(self, what: str, next: str = "") -> LayoutError:
        """An error at this entry."""
        return LayoutError(what, path=self.path, line=self.line, field=self.name or "FILLER", next=next)


@dataclass(frozen=True)
class Leaf:
    """How the bytes of an elementary item are read; ``size`` is in bytes."""

    type: str
    size: int
    digits: int = 0
    scale: int = 0
    signed: bool = False


def read_copybook(
    path: str | Path,
    *,
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    format: str = "auto",
) -> tuple[tuple[Field, ...], int]:
    """The fields of a copybook file and the record length in bytes.

    The file is UTF-8 or Shift_JIS (CP932), at most 1 MiB. See ``parse_copybook`` for the options and errors.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LayoutError(
            f"cannot be read: {error.strerror}", path=path, next="give the path of a copybook"
        ) from error
    if len(raw) > MAX_BYTES:
        raise LayoutError(
            "is bigger than 1 MiB", path=path, next="give the copybook of one record, not a program"
        )
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise LayoutError("is neither UTF-8 nor Shift_JIS", path=path, next="save it as UTF-8")
    return parse_copybook(
        text, path=path, redefines=redefines, roles=roles, depending=depending, format=format
    )


def parse_copybook(
    text: str,
    *,
    path: str | Path = "",
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    format: str = "auto",
) -> tuple[tuple[Field, ...], int]:
    """The fields that a copybook describes and the record length in bytes.

    ``redefines`` says which definition of an area is read (``{"A": "B"}``: B, which redefines A; also for
    several 01 levels); by default the first. ``roles`` maps name patterns (``*-simei``, case ignored) to
    roles, before the rules of ``roles.toml``. ``depending="max"`` reads OCCURS DEPENDING ON as tables of
    full size. ``format`` is the reference format: auto, fixed (columns 8–72) or free.

    Names come out in lower case; an occurrence adds its number (``name-1``), a name used in several groups
    its group (``father.name``). Raises LayoutError with file, line and clause.
    """
    where = str(path)
    if len(text) > MAX_BYTES:
        raise LayoutError("is bigger than 1 MiB", path=where, next="give the copybook of one record")
    _check_option("depending", depending, ("refuse", "max"), where)
    _check_option("format", format, FORMATS, where)
    for pattern, role in (roles or {}).items():
        _check_option(f"role of {pattern}", role, ROLES, where)
    chosen = {str(key).upper(): str(value).upper() for key, value in (redefines or {}).items()}
    root = _tree(_entries(_tokens(text, format, where)), where, depending)
    _choose(root, chosen, where)
    _measure(root, "display", False, 0)
    _place(root, 0)
    if root.named_leaves > MAX_FIELDS:
        raise LayoutError(
            f"expands to {root.named_leaves:,} fields, more than {MAX_FIELDS:,}",
            path=where,
            next="describe the tables that you do not need as FILLER",
        )
    if not root.named_leaves:
        raise LayoutError("describes no field", path=where, next="give a copybook with a named PICTURE item")
    return _fields(root, roles or {}, where), root.size


# -- reference format: text to tokens -----------------------------------------------------------------


def _tokens(text: str, format: str, path: str) -> Iterator[Token]:
    """Words, literals and points of every line, comments and the sequence area left out."""
    for number, line in _logical_lines(text, format, path):
        for found in _TOKEN.finditer(line):
            token = found[0]
            if token in "\"'":
                raise LayoutError(
                    "a literal has no closing quote",
                    path=path,
                    line=number,
                    next="close it, or continue it with - in column 7",
                )
            yield Token(token, number)


def _logical_lines(text: str, format: str, path: str) -> Iterator[tuple[int, str]]:
    """Source lines with continuations joined: (number of the first line, text)."""
    lines = [line.expandtabs(8).rstrip("\x1a\x0c \u3000") for line in regex.split(r"\r\n|\r|\n", text)]
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
                f"column 7 holds {indicator!r}",
                path=path,
                line=number,
                next="remove debugging and directive lines; a comment has * there",
            )
        if indicator == "-":
            if not parts:
                raise LayoutError(
                    "a continuation continues nothing", path=path, line=number, next="clear column 7"
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


# -- entries and their tree ---------------------------------------------------------------------------


def _entries(tokens: Iterator[Token]) -> Iterator[list[Token]]:
    """The tokens of each entry without its closing point; [] follows a last entry that has none."""
    entry: list[Token] = []
    for token in tokens:
        if token.text == ".":
            if entry:
                yield entry
            entry = []
        elif entry or token.word not in _LISTING:
            entry.append(token)
    if entry:
        yield entry
        yield []


def _tree(entries: Iterator[list[Token]], path: str, depending: str) -> Item:
    """The entries as a tree below a root that stands for the record."""
    root = Item(0, "", 0, path)
    stack = [root]
    for tokens in entries:
        if not tokens:
            last = stack[-1]
            raise last.error("the last entry has no closing point", "end it with a point")
        item = _Entry(tokens, path, depending).item()
        if item is None:
            continue
        while stack[-1].level >= item.level:
            stack.pop()
        item.parent = stack[-1]
        if item.parent.picture:
            raise item.error(
                f"stands below {item.parent.name or 'FILLER'}, which has a PICTURE",
                "correct one of the two levels",
            )
        item.parent.children.append(item)
        stack.append(item)
    return root


class _Entry:
    """Reads one data description entry, clause by clause."""

    def __init__(self, tokens: list[Token], path: str, depending: str) -> None:
        self.tokens = tokens
        self.path = path
        self.depending = depending
        self.at = 0
        self.current = Item(0, "", tokens[0].line, path)

    def item(self) -> Item | None:
        """The entry; None for one that describes no bytes of the record (66, 77, 78, 88)."""
        first = self.tokens[0]
        if first.word in _FOREIGN or first.word.startswith(("EXEC", "COPY")):
            raise self._error(f"{first.word[:20]} is not data description", "give the expanded copybook")
        if not (first.text.isascii() and first.text.isdigit() and len(first.text) <= 2):
            raise self._error(
                f"expected a level number, found {first.text[:30]!r}",
                "check the point before it, or put >>SOURCE FORMAT FREE (or FIXED) on the first line",
            )
        level = int(first.text)
        if level in (66, 77, 78, 88):
            return None
        if not 1 <= level <= 49:
            raise self._error(f"level {level} does not exist", "use 01 to 49, 66, 77 or 88")
        self.current.level = level
        self.at = 1
        if (token := self._peek()) and token.word not in _CLAUSES:
            self.current.name = self._name()
        self._clauses()
        return self.current

    def _clauses(self) -> None:
        readers = {
            "REDEFINES": self._redefines,
            "PIC": self._picture,
            "PICTURE": self._picture,
            "USAGE": self._usage,
            "OCCURS": self._occurs,
            "SIGN": self._sign,
            "LEADING": self._sign,
            "TRAILING": self._sign,
            "VALUE": self._value,
            "VALUES": self._value,
            "BLANK": self._blank,
        }
        while token := self._peek():
            word = token.word
            if word in readers:
                readers[word]()
            elif word in _USAGES or word in _SIZED or word in _REFUSED_USAGES:
                self._usage()
            elif word in _BARE:
                self.at += 1
                self.current.sync = self.current.sync or word.startswith("SYNC")
                self._pass("LEFT", "RIGHT")
            else:
                best = process.extractOne(word, sorted(_CLAUSES), score_cutoff=70)
                advice = (
                    f"did you mean {best[0]}?" if best else "remove the clause, or end the entry with a point"
                )
                raise self._error(f"the clause {word[:30]!r} is not known", advice)

    def _name(self) -> str:
        text = self._take("a name").text
        if set(text) & set(":().,=\"'"):
            raise self._error(
                f"{text[:30]!r} is not a data name", "replace placeholders of COPY … REPLACING first"
            )
        if len(text) > MAX_NAME:
            raise self._error(f"a data name has more than {MAX_NAME} characters", "shorten it")
        return "" if text.upper() == "FILLER" else text

    def _redefines(self) -> None:
        self.at += 1
        self.current.redefines = self._take("a name after REDEFINES").text

    def _picture(self) -> None:
        if self.current.picture:
            raise self._error("has two PICTURE clauses", "check the point of the entry before")
        self.at += 1
        self._pass("IS")
        self.current.picture = self._take("a character-string after PICTURE").word
        if len(self.current.picture) > MAX_PICTURE:
            raise self._error(f"the PICTURE is longer than {MAX_PICTURE} characters", "write repeats as X(n)")

    def _usage(self) -> None:
        self._pass("USAGE")
        self._pass("IS")
        word = self._take("a usage").word
        if word in _REFUSED_USAGES:
            raise self._error(
                f"USAGE {word} ({_REFUSED_USAGES[word]}) cannot be converted to text",
                "describe its bytes as FILLER, or in TOML as a field of type raw",
            )
        if word not in _USAGES and word not in _SIZED:
            best = process.extractOne(word, [*_USAGES, *_SIZED], score_cutoff=60)
            advice = f"did you mean {best[0]}?" if best else f"use one of: {', '.join(_USAGES)}"
            raise self._error(f"USAGE {word[:30]!r} is not known", advice)
        self.current.usage = word
        if word in _SIZED and self._pass("SIGNED", "UNSIGNED") == "UNSIGNED":
            self.current.sign = "UNSIGNED"

    def _occurs(self) -> None:
        self.at += 1
        low = high = self._number()
        if self._pass("TO"):
            high = self._number()
        self._pass("TIMES")
        varies = low != high
        while (token := self._peek()) and token.word in _CONTINUES_OCCURS:
            varies = varies or token.word == "DEPENDING"
            self.at += 1
            while (token := self._peek()) and token.word not in _AFTER_NAMES and not token.text.isdigit():
                self.at += 1
        if varies and self.depending != "max":
            raise self._error(
                "OCCURS DEPENDING ON moves every field behind it",
                'if the file holds tables of full size, load it with depending="max"; else split the layout',
            )
        if not 1 <= high <= MAX_RECORD:
            raise self._error(f"OCCURS {high} is not possible", f"use 1 to {MAX_RECORD}")
        self.current.occurs = high

    def _sign(self) -> None:
        self._pass("SIGN")
        self._pass("IS")
        word = self._take("LEADING or TRAILING").word
        if word not in ("LEADING", "TRAILING"):
            raise self._error(f"SIGN {word[:20]!r} is not known", "write LEADING or TRAILING")
        self.current.sign = word
        self.current.separate = bool(self._pass("SEPARATE"))
        self._pass("CHARACTER")

    def _value(self) -> None:
        """A VALUE says what a program puts there, not where it lies: passed over."""
        self.at += 1
        self._pass("IS", "ARE")
        self._pass("ALL")
        self._take("a literal after VALUE")

    def _blank(self) -> None:
        self.at += 1
        self._pass("WHEN")
        if self._take("ZERO").word not in ("ZERO", "ZEROS", "ZEROES"):
            raise self._error("BLANK WHEN is followed by something else than ZERO", "write BLANK WHEN ZERO")
        self.current.blank_zero = True

    def _number(self) -> int:
        text = self._take("a number").text
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise self._error(
                f"expected a number, found {text[:20]!r}", "write the count of occurrences as digits"
            )
        return int(text)

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self, what: str) -> Token:
        token = self._peek()
        if token is None:
            raise self._error(f"{what} is missing", "complete the clause before the point")
        self.at += 1
        return token

    def _pass(self, *words: str) -> str:
        """Pass over the next token if it is one of these words, and say which it was."""
        token = self._peek()
        if token is None or token.word not in words:
            return ""
        self.at += 1
        return token.word

    def _error(self, what: str, next: str) -> LayoutError:
        line = self.tokens[min(self.at, len(self.tokens) - 1)].line
        return LayoutError(what, path=self.path, line=line, field=self.current.name, next=next)


# -- REDEFINES ----------------------------------------------------------------------------------------


def _choose(root: Item, chosen: Mapping[str, str], path: str) -> None:
    """Check every REDEFINES and keep the names of the one definition of each area that is read."""
    used: set[str] = set()
    records = [item for item in root.children if item.level == 1 and not item.redefines]
    if records and (stray := next((item for item in root.children if item.level > 1), None)):
        raise stray.error(f"level {stray.level} stands before the record", "put it below a level 01")
    _choose_record(root, records, chosen, used)
    for parent in _walk(root):
        for family in _families(parent):
            _choose_one(family, chosen, used)
    unknown = sorted(set(chosen) - used)
    if unknown:
        areas = sorted({f[0].name for p in _walk(root) for f in _families(p) if len(f) > 1 and f[0].name})
        best = process.extractOne(unknown[0], areas, processor=str.upper, score_cutoff=55)
        every = f"redefined here: {', '.join(areas[:20])}" if areas else "nothing is redefined here"
        raise LayoutError(
            f"redefines names {unknown[0][:40]!r}, which no item redefines",
            path=path,
            next=f"did you mean {best[0]!r}?" if best else every,
        )


def _choose_record(root: Item, records: list[Item], chosen: Mapping[str, str], used: set[str]) -> None:
    """Several 01 levels describe the same bytes; which one is read must be said."""
    if len(records) < 2:
        return
    first = records[0].name.upper()
    names = [item.name for item in records]
    used.add(first)
    if first not in chosen:
        raise LayoutError(
            f"has {len(records)} records ({', '.join(names[:8])})",
            path=root.path,
            line=records[1].line,
            next=f'keep one, or choose: redefines = {{ "{names[0]}" = "{names[0]}" }}',
        )
    kept = next((item for item in records if item.name.upper() == chosen[first]), None)
    if kept is None:
        raise records[0].error(
            f"{chosen[first][:40]!r} is not a record here", f"use one of: {', '.join(names)}"
        )
    alias = {kept.name.upper()}  # an 01 that redefines the one kept stays with it
    root.children = [
        item for item in root.children if item is kept or (item.redefines and item.redefines.upper() in alias)
    ]


def _families(parent: Item) -> list[list[Item]]:
    """The children of an item, each with those that redefine it (the first is the area itself)."""
    families: list[list[Item]] = []
    names: set[str] = set()
    for item in parent.children:
        if not item.redefines:
            families.append([])
            names = set()
        elif item.redefines.upper() not in names:
            raise item.error(
                f"REDEFINES {item.redefines[:40]}, which is not the item before it",
                f"it can redefine {' or '.join(sorted(names)[:8])}" if names else "remove the clause",
            )
        families[-1].append(item)
        names.add(item.name.upper())
    return families


def _choose_one(family: list[Item], chosen: Mapping[str, str], used: set[str]) -> None:
    """Silence all definitions of an area but the one that is read."""
    if len(family) < 2:
        return
    wanted = next((chosen[i.name.upper()] for i in family if i.name and i.name.upper() in chosen), None)
    used.update(i.name.upper() for i in family if i.name)
    names = [item.name.upper() or "FILLER" for item in family]
    if wanted is None:
        keep = 0
    elif names.count(wanted) == 1:
        keep = names.index(wanted)
    else:
        raise family[0].error(
            f"{wanted[:40]!r} does not name one definition of it",
            f"use one of: {', '.join(item.name for item in family if item.name)}",
        )
    for number, item in enumerate(family):
        if number != keep:
            _silence(item)


def _silence(item: Item) -> None:
    """Keep the bytes of an item and its parts, drop the names: they are FILLER now."""
    for part in _walk(item):
        part.named_leaves = -1


def _walk(item: Item) -> Iterator[Item]:
    """An item and everything below it (levels go to 49, so the depth is bounded)."""
    yield item
    for child in item.children:
        yield from _walk(child)


# -- sizes and places ---------------------------------------------------------------------------------


def _measure(item: Item, usage: str, sync: bool, depth: int) -> None:
    """Set size (of one occurrence), leaf and the count of named leaves, from the bottom up."""
    usage = item.usage or usage
    sync = sync or item.sync
    depth += item.occurs > 1
    if depth > MAX_OCCURS_DEPTH:
        raise item.error(f"OCCURS is nested deeper than {MAX_OCCURS_DEPTH}", "split the layout")
    silent = item.named_leaves < 0
    if not item.children and item.level:
        item.leaf = _leaf(item, usage, sync)
        item.size = item.leaf.size
        item.named_leaves = int(bool(item.name) and not silent)
    else:
        item.named_leaves = 0
        for family in _families(item):
            for child in family:
                _measure(child, usage, sync, depth)
                item.named_leaves += child.named_leaves * child.occurs
            item.size += max(child.size * child.occurs for child in family)
    if item.size * item.occurs > MAX_RECORD:
        raise item.error(f"is longer than {MAX_RECORD:,} bytes", "check the PICTURE and OCCURS below it")


def _place(item: Item, start: int) -> None:
    """Set where the first occurrence of every item begins; what redefines begins where its area does."""
    item.start = start
    for family in _families(item):
        for child in family:
            _place(child, start)
        start += max(child.size * child.occurs for child in family)


def _leaf(item: Item, usage: str, sync: bool) -> Leaf:
    """How the bytes of an elementary item are read."""
    if usage in _SIZED:
        if item.picture:
            raise item.error(f"a {usage} item has no PICTURE", "remove one of the two")
        leaf = Leaf("binary", *_SIZED[usage], signed=item.sign != "UNSIGNED")
    elif not item.picture:
        raise item.error("has neither a PICTURE nor items below it", "add the PICTURE, or correct the levels")
    else:
        leaf = _pictured(item, _USAGES[usage.upper()])
    if sync and leaf.type == "binary":
        raise item.error(
            "SYNC on a binary item puts slack bytes before it, which differ between compilers",
            "write the slack bytes as FILLER and remove SYNC",
        )
    return leaf


def _pictured(item: Item, usage: str) -> Leaf:
    """An item with a PICTURE: its category, then the bytes that its usage gives it."""
    symbols = _symbols(item)
    letters = set(symbols)
    count = sum(n for symbol, n in symbols.items() if symbol not in "SV")
    if not count:
        raise item.error(f"PICTURE {item.picture} has no characters", "check its symbols")
    if "P" in letters:
        raise item.error(
            "the P of a PICTURE (scaling) is not supported", "write the number as 9(n), scale it later"
        )
    if letters & {"N", "G"}:
        if letters - {"N", "G", "B"} or usage not in ("display", "dbcs"):
            raise item.error(
                f"PICTURE {item.picture[:40]} mixes double-byte and other data", "split the item"
            )
        return Leaf("dbcs", 2 * count)
    if letters <= {"9", "S", "V"}:
        return _numeric(item, usage, symbols)
    if usage != "display":
        raise item.error(
            f"PICTURE {item.picture[:40]} is not numeric, its usage is", "correct one of the two"
        )
    if letters <= {"X", "A", "9", "B", "0", "/"} and letters & {"X", "A"}:
        return Leaf("mixed", count)
    width = count + sum(n for symbol, n in symbols.items() if symbol in ("CR", "DB"))
    if letters & {"X", "A"} or "S" in letters or not letters & {"9", "Z", "*", "+", "-", "$", "¥", "\\"}:
        raise item.error(f"PICTURE {item.picture[:40]} is not a known form", "check its symbols")
    return Leaf("sbcs", width)


def _symbols(item: Item) -> dict[str, int]:
    """How often each symbol stands in a PICTURE, repeats counted."""
    picture, at = item.picture, 0
    counts: dict[str, int] = {}
    while at < len(picture):
        found = _PICTURE.match(picture, at)
        if not found or found[1] not in _SYMBOLS:
            raise item.error(
                f"PICTURE {picture[:40]} is wrong at {picture[at : at + 10]!r}", "check its symbols"
            )
        counts[found[1]] = counts.get(found[1], 0) + int(found[2] or 1)
        at = found.end()
    for symbol, most in (("S", 1), ("V", 1)):
        if counts.get(symbol, 0) > most:
            raise item.error(f"PICTURE {picture[:40]} has more than one {symbol}", "check its symbols")
    if counts.get("S") and not picture.startswith("S"):
        raise item.error(f"PICTURE {picture[:40]} has an S that is not first", "check its symbols")
    return counts


def _numeric(item: Item, usage: str, symbols: Mapping[str, int]) -> Leaf:
    """A number: zoned (DISPLAY), packed or binary."""
    digits, signed = symbols.get("9", 0), "S" in symbols
    if not 1 <= digits <= MAX_DIGITS:
        raise item.error(f"PICTURE {item.picture[:40]} has {digits} digits", f"use 1 to {MAX_DIGITS}")
    behind = item.picture.partition("V")[2]
    scale = sum(int(found[2] or 1) for found in _PICTURE.finditer(behind))
    if usage == "packed":
        return Leaf("packed", digits // 2 + 1, digits, scale, signed)
    if usage == "binary":
        if digits > 18:
            raise item.error(f"a binary item of {digits} digits has no fixed size", "use at most 18 digits")
        return Leaf("binary", 2 if digits <= 4 else 4 if digits <= 9 else 8, digits, scale, signed)
    if usage != "display":
        raise item.error("a number cannot be double-byte", "correct USAGE or PICTURE")
    if item.blank_zero:  # IBM: the category becomes numeric-edited, and zero is all spaces
        return Leaf("sbcs", digits)
    read = bool(item.name) and item.named_leaves >= 0
    if read and signed and _inherited_sign(item) == ("LEADING", False):
        raise item.error(
            "SIGN LEADING without SEPARATE is not supported",
            "describe its bytes in TOML as a field of type raw",
        )
    separate = signed and _inherited_sign(item)[1]
    return Leaf("zoned", digits + separate, digits, scale, signed)


def _inherited_sign(item: Item) -> tuple[str, bool]:
    """(LEADING or TRAILING, SEPARATE) of the item or the nearest group that states a SIGN."""
    at: Item | None = item
    while at is not None:
        if at.sign in ("LEADING", "TRAILING"):
            return at.sign, at.separate
        at = at.parent
    return "TRAILING", False


# -- fields -------------------------------------------------------------------------------------------


def _fields(root: Item, roles: Mapping[str, str], path: str) -> tuple[Field, ...]:
    """The named elementary items in record order, every occurrence one field."""
    found = list(_expand(root, 0, (), ""))
    fields, used = [], set[str]()
    for (_, _, offset, item), name in zip(found, _unique_names(found), strict=True):
        leaf = item.leaf
        assert leaf is not None  # _expand yields elementary items only
        fields.append(
            Field(
                name,
                offset,
                leaf.size,
                leaf.type,
                _role(name, item, roles, used),
                -1,
                leaf.scale,
                leaf.signed,
                leaf.digits,
                item.line,
            )
        )
    if unused := [pattern for pattern in roles if pattern not in used]:
        best = process.extractOne(_lower(unused[0]), [f.name for f in fields], score_cutoff=55)
        raise LayoutError(
            f"roles names {unused[0][:40]!r}, which fits no field",
            path=path,
            next=f"did you mean {best[0]!r}?" if best else "give a field name, or a pattern like *-simei",
        )
    return tuple(fields)


def _expand(
    item: Item, shift: int, groups: tuple[str, ...], occurrence: str
) -> Iterator[tuple[tuple[str, ...], str, int, Item]]:
    """(groups, name with occurrence numbers, offset, item) of every named elementary item."""
    if not item.named_leaves:
        return
    for number in range(item.occurs):
        at = shift + number * item.size
        suffix = f"{occurrence}-{number + 1}" if item.occurs > 1 else occurrence
        if item.leaf:
            yield groups, _lower(item.name) + suffix, item.start + at, item
        inside = (*groups, _lower(item.name)) if item.name else groups
        for child in item.children:
            yield from _expand(child, at, inside, suffix)


def _unique_names(found: list[tuple[tuple[str, ...], str, int, Item]]) -> list[str]:
    """The names, those that clash with as many of their groups before them as tell them apart."""
    names = [name for _, name, _, _ in found]
    for depth in range(1, 50):
        counts = Counter(names)
        if len(counts) == len(names):
            return names
        for at, (groups, name, _, _) in enumerate(found):
            if counts[names[at]] > 1:
                names[at] = ".".join((*groups[-depth:], name))
    twice = next(at for at, name in enumerate(names) if Counter(names)[name] > 1)
    raise found[twice][3].error("has the name of another item of its group", "rename one of the two")


def _role(name: str, item: Item, roles: Mapping[str, str], used: set[str]) -> str:
    """The role of a field: the caller's patterns, then the rules for its name, then for its groups' names."""
    plain = _lower(item.name)
    for pattern, role in roles.items():
        if fnmatchcase(name, _lower(pattern)) or fnmatchcase(plain, _lower(pattern)):
            used.add(pattern)
            return role
    if item.leaf is None or item.leaf.type not in ("mixed", "dbcs", "sbcs"):
        return "other"
    at: Item | None = item
    while at is not None and (at is item or at.level > 1):  # a record's own name says nothing of its fields
        role_here = find_role(at.name) if at.name else None
        if role_here is not None and (at is item or role_here != "other"):
            return role_here
        at = at.parent
    return "other"


def _lower(name: str) -> str:
    """COBOL compares Latin letters without case; Japanese names stay as they are."""
    return "".join(char.lower() if char.isascii() else char for char in name)


def _check_option(name: str, value: str, values: Sequence[str], path: str) -> None:
    if value not in values:
        raise LayoutError(
            f"{name} cannot be {str(value)[:40]!r}", path=path, next=f"use {' or '.join(values)}"
        )
