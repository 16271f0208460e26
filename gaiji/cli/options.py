"""Options that several commands share."""

from __future__ import annotations

from typing import Any

import click

from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import UsageError
from gaiji.messages import fault, tr


def _start_log(_: click.Context, __: click.Parameter, value: bool) -> None:
    if value:
        from gaiji.log import log_json

        log_json()


log_option = click.option(
    "--log-json",
    is_flag=True,
    expose_value=False,
    callback=_start_log,
    is_eager=True,
    help="Tell what happens, errors too, in lines of JSON on standard error.",
)


def overrides(settings: tuple[str, ...]) -> dict[str, Any]:
    """``KEY=VALUE`` with TOML values; what is not TOML is a string."""
    out: dict[str, Any] = {}
    for item in settings:
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(
                fault("E0018", "--set {item!r} has no value", item=item[:60]),
                next=tr("write --set source.path=juki.dat"),
            )
        try:
            out[key.strip()] = parse_toml(f"value = {value}")["value"]
        except NotToml:
            out[key.strip()] = value
    return out
