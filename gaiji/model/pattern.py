"""Regular expressions that are compiled when they are first used, not when their module is loaded.

Owns that and nothing else: compiling one costs half a millisecond, and no command uses most of them.
"""

from __future__ import annotations

from typing import Any


class Pattern:
    """A pattern of the package ``regex`` (flags stand in it: ``(?is)``), with the methods of one."""

    def __init__(self, text: str | bytes) -> None:
        self.text = text

    def __getattr__(self, name: str) -> Any:
        """A method of the compiled pattern, kept here for the next time."""
        if name.startswith("_"):
            raise AttributeError(name)
        import regex

        found = getattr(regex.compile(self.text), name)
        setattr(self, name, found)
        return found
