"""TOML of strangers: text in, a dictionary or one line out.

Owns which ways a text can fail to be TOML. What the keys mean is each reader's.
"""

from __future__ import annotations

import tomllib
from typing import Any

LONG_KEY = r"(?>(?:[\w\-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}"
"""A key of more than a hundred parts, on which Python's reader works for minutes."""


class NotToml(ValueError):
    """A text that is no TOML, or that no TOML of ours can be; the message is one line."""


def parse_toml(text: str | bytes) -> dict[str, Any]:
    """The tables of a TOML text (bytes: UTF-8, with or without a mark); NotToml says what is wrong with it.

    Deep nesting, keys of more than a hundred parts and numbers of thousands of digits, on which Python's own
    reader gives up or works for minutes, count as wrong.
    """
    try:
        text = text if isinstance(text, str) else text.decode("utf-8-sig")
        if text.count(".") >= 100 and _has_long_key(text):
            raise NotToml("a key has too many parts")
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotToml(" ".join(str(error).split())) from error
    except UnicodeDecodeError as error:
        raise NotToml(f"no UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise NotToml("brackets are nested too deeply") from error
    except NotToml:
        raise
    except ValueError as error:
        raise NotToml("a number has too many digits") from error


def _has_long_key(text: str) -> bool:
    """Whether there is a key of too many parts; few texts have dots enough to be looked at."""
    import regex

    return regex.search(LONG_KEY, text) is not None


def value_said(text: str) -> Any:
    """A value that somebody wrote beside a job file: TOML; what is not TOML is a string."""
    try:
        return parse_toml(f"value = {text}")["value"]
    except NotToml:
        return text
