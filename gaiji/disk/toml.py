"""TOML of strangers: text in, a dictionary or one line out.

Owns which ways a text can fail to be TOML. What the keys mean is each reader's.
"""

from __future__ import annotations

import tomllib
from typing import Any


class NotToml(ValueError):
    """A text that is no TOML, or that no TOML of ours can be; the message is one line."""


def parse_toml(text: str | bytes) -> dict[str, Any]:
    """The tables of a TOML text (bytes: UTF-8, with or without a mark); NotToml says what is wrong with it.

    Deep nesting and numbers of thousands of digits, on which Python's own reader gives up, count as wrong.
    """
    try:
        return tomllib.loads(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise NotToml(" ".join(str(error).split())) from error
    except UnicodeDecodeError as error:
        raise NotToml(f"no UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise NotToml("brackets are nested too deeply") from error
    except ValueError as error:
        raise NotToml("a number has too many digits") from error
