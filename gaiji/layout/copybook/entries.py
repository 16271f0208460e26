"""The data description entries of a copybook, clause by clause, as a tree.

Owns what each clause may say. Sizes, places and which definition of an area is read are for others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from gaiji.errors import LayoutError, nearest
from gaiji.errors.messages import Fault, fault, tr
from gaiji.layout.copybook.text import Token
from gaiji.model.plain import dataclass

MAX_RECORD = 1 << 24
MAX_NAME = 64
MAX_PICTURE = 64

USAGES = {
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
    "UTF-8": "utf-8",
    "COMP-6": "unsigned",
    "COMPUTATIONAL-6": "unsigned",
}
FULL = ("COMP-5", "COMPUTATIONAL-5")
"""Binary items that hold all that their bytes can, whatever the PICTURE says."""
FLOATING = {
    "COMP-1": 4,
    "COMPUTATIONAL-1": 4,
    "FLOAT-SHORT": 4,
    "COMP-2": 8,
    "COMPUTATIONAL-2": 8,
    "FLOAT-LONG": 8,
}
"""Floating-point items, which have no PICTURE, and their bytes."""
SIZED = {"BINARY-CHAR": (1, 3), "BINARY-SHORT": (2, 5), "BINARY-LONG": (4, 10), "BINARY-DOUBLE": (8, 20)}
_REFUSED_USAGES = {
    "COMP-X": "a Micro Focus form",
    "COMPUTATIONAL-X": "a Micro Focus form",
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
    "GROUP-USAGE",
    "CHARACTER",
    "PRINTING",
    "BYTE-LENGTH",
    *USAGES,
    *SIZED,
    *FLOATING,
    *_REFUSED_USAGES,
}
_BARE = {"SYNC", "SYNCHRONIZED", "JUST", "JUSTIFIED", "IS", "EXTERNAL", "GLOBAL"}
_CONTINUES_OCCURS = {"ASCENDING", "DESCENDING", "INDEXED", "DEPENDING"}
_AFTER_NAMES = _CLAUSES | _CONTINUES_OCCURS
_LISTING = {"EJECT", "SKIP1", "SKIP2", "SKIP3"}
_FOREIGN = {"COPY", "REPLACE", "EXEC", "PROCEDURE", "-INC", "++INCLUDE"}


@dataclass
class Item:
    """One data description entry with its children; sizes and places in bytes.

    ``depending``: the name of the counter of a table that varies, and of groups that it is in; such a table
    has ``least`` to ``occurs`` occurrences. ``synced``: SYNC has an effect on it, its own or its group's.
    """

    level: int
    name: str
    line: int
    path: str
    picture: str = ""
    usage: str = ""
    group_usage: bool = False
    byte_length: int = 0
    unsigned: bool = False
    redefines: str = ""
    occurs: int = 1
    least: int = 1
    depending: tuple[str, ...] = ()
    sign: str = ""
    separate: bool = False
    sync: bool = False
    synced: bool = False
    blank_zero: bool = False
    children: list[Item] = field(default_factory=list)
    parent: Item | None = None
    leaf: Leaf | None = None
    size: int = 0
    start: int = 0
    named_leaves: int = 0
    silent: bool = False
    """Whether another definition of its bytes is read."""

    def error(self, what: Fault, next: str = "") -> LayoutError:
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
    sign: str = ""
    charset: str = ""
    national: str = ""


def entries(tokens: Iterator[Token]) -> Iterator[list[Token]]:
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


def tree(entries: Iterator[list[Token]], path: str, depending: str) -> Item:
    """The entries as a tree below a root that stands for the record."""
    root = Item(0, "", 0, path)
    stack = [root]
    for tokens in entries:
        if not tokens:
            last = stack[-1]
            raise last.error(fault("E0101", "the last entry has no closing point"), tr("end it with a point"))
        item = _Entry(tokens, path, depending).item()
        if item is None:
            continue
        while stack[-1].level >= item.level:
            stack.pop()
        item.parent = stack[-1]
        if item.parent.picture:
            raise item.error(
                fault(
                    "E0102", "stands below {parent}, which has a PICTURE", parent=item.parent.name or "FILLER"
                ),
                tr("correct one of the two levels"),
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
            raise self._error(
                fault("E0103", "{word} is not data description", word=first.word[:20]),
                tr("give the expanded copybook"),
            )
        if not (first.text.isascii() and first.text.isdigit() and len(first.text) <= 2):
            raise self._error(
                fault("E0104", "expected a level number, found {text!r}", text=first.text[:30]),
                tr("check the point before it, or put >>SOURCE FORMAT FREE (or FIXED) on the first line"),
            )
        level = int(first.text)
        if level in (66, 77, 78, 88):
            return None
        if not 1 <= level <= 49:
            raise self._error(
                fault("E0105", "level {level} does not exist", level=level), tr("use 01 to 49, 66, 77 or 88")
            )
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
            "GROUP-USAGE": self._group_usage,
            "CHARACTER": self._look,
            "PRINTING": self._look,
            "BYTE-LENGTH": self._byte_length,
        }
        while token := self._peek():
            word = token.word
            if word in readers:
                readers[word]()
            elif word in USAGES or word in SIZED or word in FLOATING or word in _REFUSED_USAGES:
                self._usage()
            elif word in _BARE:
                self.at += 1
                self.current.sync = self.current.sync or word.startswith("SYNC")
                self._pass("LEFT", "RIGHT")
            else:
                advice = tr("remove the clause, or end the entry with a point")
                if not word[:1].isdigit():  # a level number: the entry before it has no point
                    advice = nearest(word, sorted(_CLAUSES), advice)
                raise self._error(fault("E0106", "the clause {word!r} is not known", word=word[:30]), advice)

    def _name(self) -> str:
        text = self._take(tr("a name")).text
        if set(text) & set(":().,=\"'"):
            raise self._error(
                fault("E0107", "{text!r} is not a data name", text=text[:30]),
                tr('name placeholders of COPY … REPLACING in [source]: replacing = {{ ":TAG:" = "…" }}'),
            )
        if len(text) > MAX_NAME:
            raise self._error(
                fault("E0108", "a data name has more than {max_name} characters", max_name=MAX_NAME),
                tr("shorten it"),
            )
        return "" if text.upper() == "FILLER" else text

    def _redefines(self) -> None:
        self.at += 1
        self.current.redefines = self._take(tr("a name after REDEFINES")).text

    def _picture(self) -> None:
        if self.current.picture:
            raise self._error(
                fault("E0109", "has two PICTURE clauses"), tr("check the point of the entry before")
            )
        self.at += 1
        self._pass("IS")
        self.current.picture = self._take(tr("a character-string after PICTURE")).word
        if len(self.current.picture) > MAX_PICTURE:
            raise self._error(
                fault(
                    "E0110", "the PICTURE is longer than {max_picture} characters", max_picture=MAX_PICTURE
                ),
                tr("write repeats as X(n)"),
            )

    def _usage(self) -> None:
        self._pass("USAGE")
        self._pass("IS")
        word = self._take(tr("a usage")).word
        if word in _REFUSED_USAGES:
            raise self._error(
                fault(
                    "E0111",
                    "USAGE {word} ({refused_usages}) cannot be converted to text",
                    word=word,
                    refused_usages=_REFUSED_USAGES[word],
                ),
                tr("describe its bytes as FILLER, or in TOML as a field of type raw"),
            )
        if word not in USAGES and word not in SIZED and word not in FLOATING:
            raise self._error(
                fault("E0112", "USAGE {word!r} is not known", word=word[:30]),
                nearest(word, [*USAGES, *SIZED, *FLOATING]),
            )
        self.current.usage = word
        self._no_sign()
        if word in SIZED and self._pass("SIGNED", "UNSIGNED") == "UNSIGNED":
            self.current.sign = "UNSIGNED"

    def _no_sign(self) -> None:
        """WITH NO SIGN behind PACKED-DECIMAL: there is no half byte for one."""
        at = self.at
        self._pass("WITH")
        if not self._pass("NO"):
            self.at = at
            return
        if self._take("SIGN").word != "SIGN" or USAGES.get(self.current.usage) != "packed":
            raise self._error(
                fault("E0478", "NO SIGN stands behind {usage}", usage=self.current.usage),
                tr("it goes with PACKED-DECIMAL"),
            )
        self.current.usage = "COMP-6"

    def _group_usage(self) -> None:
        """GROUP-USAGE NATIONAL: a group whose items are all of national characters."""
        self.at += 1
        self._pass("IS")
        word = self._take(tr("a usage")).word
        if word != "NATIONAL":
            raise self._error(
                fault("E0479", "GROUP-USAGE {word} cannot be converted to text", word=word[:20]),
                tr("describe its bytes as FILLER, or in TOML as a field of type raw"),
            )
        self.current.usage, self.current.group_usage = word, True

    def _look(self) -> None:
        """CHARACTER TYPE and PRINTING POSITION say how an item is printed, nothing of its bytes."""
        self.at += 2
        while (token := self._peek()) and token.word not in _CLAUSES:
            self.at += 1

    def _byte_length(self) -> None:
        self.at += 1
        self._pass("IS")
        self.current.byte_length = self._number()

    def _occurs(self) -> None:
        self.at += 1
        low = high = self._number()
        if self._pass("TO"):
            high = self._number()
        self._pass("TIMES")
        counter: tuple[str, ...] = ()
        while (token := self._peek()) and token.word in _CONTINUES_OCCURS:
            self.at += 1
            if token.word == "DEPENDING":
                counter = self._counter()
            while (token := self._peek()) and token.word not in _AFTER_NAMES and not token.text.isdigit():
                self.at += 1
        if (counter or low != high) and self.depending != "max":
            if self.depending != "counter" or not counter:
                raise self._error(
                    fault("E0113", "OCCURS DEPENDING ON moves every field behind it"),
                    tr(
                        'set depending = "max" in [source] where every table is written with its {high} '
                        'occurrences, "counter" where only as many as the counter says',
                        high=high,
                    ),
                )
            self.current.depending = counter
            self.current.least = low if low != high else 1
        if not 1 <= high <= MAX_RECORD:
            raise self._error(
                fault("E0114", "OCCURS {high} is not possible", high=high),
                tr("use 1 to {max_record}", max_record=MAX_RECORD),
            )
        self.current.occurs = high

    def _counter(self) -> tuple[str, ...]:
        """The name behind DEPENDING ON, with the groups that OF or IN name."""
        self._pass("ON")
        names = [self._take(tr("a name after DEPENDING ON")).word]
        while self._pass("OF", "IN"):
            names.append(self._take(tr("a name after DEPENDING ON")).word)
        return tuple(names)

    def _sign(self) -> None:
        self._pass("SIGN")
        self._pass("IS")
        word = self._take(tr("LEADING or TRAILING")).word
        if word not in ("LEADING", "TRAILING"):
            raise self._error(
                fault("E0115", "SIGN {word!r} is not known", word=word[:20]), tr("write LEADING or TRAILING")
            )
        self.current.sign = word
        self.current.separate = bool(self._pass("SEPARATE"))
        self._pass("CHARACTER")

    def _value(self) -> None:
        """A VALUE says what a program puts there, not where it lies: passed over."""
        self.at += 1
        self._pass("IS", "ARE")
        self._pass("ALL")
        self._take(tr("a literal after VALUE"))

    def _blank(self) -> None:
        self.at += 1
        self._pass("WHEN")
        if self._take(tr("ZERO")).word not in ("ZERO", "ZEROS", "ZEROES"):
            raise self._error(
                fault("E0116", "BLANK WHEN is followed by something else than ZERO"),
                tr("write BLANK WHEN ZERO"),
            )
        self.current.blank_zero = True

    def _number(self) -> int:
        text = self._take(tr("a number")).text
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise self._error(
                fault("E0117", "expected a number, found {text!r}", text=text[:20]),
                tr("write the count of occurrences as digits"),
            )
        return int(text)

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self, what: str) -> Token:
        token = self._peek()
        if token is None:
            raise self._error(
                fault("E0118", "{what} is missing", what=what), tr("complete the clause before the point")
            )
        self.at += 1
        return token

    def _pass(self, *words: str) -> str:
        """Pass over the next token if it is one of these words, and say which it was."""
        token = self._peek()
        if token is None or token.word not in words:
            return ""
        self.at += 1
        return token.word

    def _error(self, what: Fault, next: str) -> LayoutError:
        line = self.tokens[min(self.at, len(self.tokens) - 1)].line
        return LayoutError(what, path=self.path, line=line, field=self.current.name, next=next)
