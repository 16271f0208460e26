"""What a key of a job is, and the keys of ``[source]`` that say how records lie in the file.

Owns their defaults, legal values and words, and the check of a value against its key. The other keys stand in
``gaiji.run.job``; what these mean for the bytes in ``gaiji.run.framing``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gaiji.errors import JobError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.records.batch import FORMATS, NEWLINES

MOST = 2**31 - 1
"""The greatest number that a key can have."""


@dataclass(frozen=True)
class Key:
    """One key of a section: its type, its default (None: required), its legal values, what it means."""

    type: Any
    default: Any
    what: str
    values: tuple[str, ...] = ()


OFF = ("letters", "lists", "addresses")
PEOPLE: dict[str, Key] = {
    "name": Key(list, (), "the fields that are a resident's name on paper (default: the first name field)"),
    "kana": Key(list, (), "the fields that are its reading (default: the first field of readings)"),
    "address": Key(list, (), "the fields that are the address (default: all address fields)"),
    "protected": Key(
        dict,
        {},
        "field → values that mark people under 支援措置 ([]: anything but blanks and zeros); must be said, "
        "if only as {}, before letters are made",
    ),
    "deceased": Key(dict, {}, "the same for the deceased"),
    "moved": Key(dict, {}, "the same for those who moved away"),
    "protected_off": Key(list, OFF, "what people under 支援措置 are kept off; they are counted", OFF),
    "deceased_off": Key(list, ("letters",), "the same for the deceased", OFF),
    "moved_off": Key(list, ("letters",), "the same for those who moved away", OFF),
}
"""The keys of ``[people]``: whom reports name, and whom not. They change no output."""

FORMAT = Key(str, None, "how records lie in the file", FORMATS)
FRAMING = {
    "newline": Key(
        str,
        "none",
        "what ends a record, and nothing else does; none: nothing ends fixed records, LF or CR LF lines and "
        "CSV",
        tuple(NEWLINES),
    ),
    "blocked": Key(bool, False, "vb records lie in blocks with a BDW"),
    "rdw": Key(
        str,
        "standard",
        "what vb descriptors say: standard, or words joined by -: second or two (where the length is), "
        "little, exclusive",
    ),
    "bdw": Key(str, "", "what the descriptors of blocks say, where it is not what rdw says"),
    "spanned": Key(bool, False, "vb records may lie in segments, which are joined"),
    "delimiter": Key(str, ",", "one character between the cells of a CSV"),
    "quote": Key(str, '"', "the quote character of a CSV"),
    "header": Key(
        bool,
        True,
        "the first record of a CSV holds the column names; not said: an error where it looks like none",
    ),
    "skip": Key(int, 0, "lines of a CSV above its first record, such as titles"),
    "trailing": Key(bool, False, "a delimiter stands behind the last cell of a CSV's records"),
    "ragged": Key(bool, False, "records of a CSV may lack cells at their end, which are empty then"),
    "spaces": Key(
        str,
        "fail",
        "blanks before a quote in a CSV: passed over, or text like the quote",
        ("fail", "skip", "text"),
    ),
}


def value_of(value: Any, rule: Key, dotted: str, path: str) -> Any:
    """A value as its key takes it; JobError names the key and the fix."""
    wrong_bool = isinstance(value, bool) and rule.type is not bool
    if wrong_bool or not isinstance(value, rule.type):
        kind = {
            str: tr("a string"),
            int: tr("a whole number"),
            bool: tr("true or false"),
            list: tr("a list"),
            dict: tr("a table"),
        }
        raise JobError(
            fault("E0260", "must be {kind}", kind=kind[rule.type]), path=path, key=dotted, next=tr(rule.what)
        )
    if rule.type is int and value > MOST:
        raise JobError(
            fault("E0395", "cannot be more than {most}", most=MOST), path=path, key=dotted, next=tr(rule.what)
        )
    if any("\0" in text for text in _texts(value)):
        raise JobError(fault("E0396", "holds a NUL character"), path=path, key=dotted, next=tr(rule.what))
    if rule.type is list and not all(isinstance(item, str) for item in value):
        raise JobError(fault("E0263", "must be a list of strings"), path=path, key=dotted, next=tr(rule.what))
    for one in (value if rule.type is list else [value]) if rule.values else ():
        if one not in rule.values:
            shown = fault("E0379", "cannot be {value!r}", value=one[:40])
            raise JobError(shown, path=path, key=dotted, next=nearest(str(one), rule.values))
    if rule.type is int and value < 0:
        raise JobError(fault("E0262", "cannot be negative"), path=path, key=dotted, next=tr(rule.what))
    return tuple(value) if rule.type is list else value


def _texts(value: Any) -> Iterator[str]:
    """The strings in a value, keys of tables too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for one in pair for text in _texts(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in _texts(one))


def shown_values(rule: Key) -> str:
    """The legal values of a key, as help shows them."""
    return f" ({' | '.join(rule.values)})" if rule.values else ""
