"""What a vendor's code means: tables, kinds, charsets, programs, encodings, lookup."""

from __future__ import annotations


def register() -> None:
    """Make every shipped charset a codec of Python's, as ``gaiji-NAME``: see ``gaiji.codes.registry``."""
    from gaiji.codes import registry
    from gaiji.codes.charset import load_charset

    registry.register(load_charset)
