"""Options that several commands share."""

from __future__ import annotations

from typing import Any

from gaiji.errors import UsageError


def overrides(settings: tuple[str, ...]) -> dict[str, Any]:
    """``KEY=VALUE`` with TOML values; what is not TOML is a string."""
    import tomllib

    out: dict[str, Any] = {}
    for item in settings:
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"--set {item[:60]!r} has no value", next="write --set source.path=juki.dat")
        try:
            out[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            out[key.strip()] = value
    return out
