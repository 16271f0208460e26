"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


LEFT = 10
"""Files beside the pictures that are named on the screen; the manifest has all."""


def left_lines(left: Sequence[str]) -> list[str]:
    """What beside the pictures of 外字 could not be read."""
    lines = [tr("not among the pictures: {line}", line=line) for line in left[:LEFT]]
    more = [tr("not among the pictures: {count} more", count=len(left) - LEFT)] if len(left) > LEFT else []
    return lines + more


def place_line(reason: str, told: Mapping[str, Any]) -> str:
    """One reason that is about bytes of records and no field."""
    from gaiji.model import Reason

    first = {"record": told["first"]["record"], "offset": told["first"]["offset"]}
    if reason == Reason.SHORT_RECORD.label:
        return tr(
            "{reason}: {records} records end before their last field; first record {record}, byte {offset}",
            reason=reason,
            records=told["records"],
            **first,
        )
    return tr(
        "{reason}: {units} bytes in {records} records that no field takes; first in record {record}, "
        "byte {offset}",
        reason=reason,
        units=told["units"],
        records=told["records"],
        **first,
    )
