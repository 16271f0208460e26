"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from gaiji.disk.toml import value_said
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr


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
        out[key.strip()] = value_said(value)
    return out


def engine_options(help: str, *, partitions: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Where the work is done; ``help``: what that means for the command; ``partitions``: whether it splits an
    input."""
    options = [
        click.option(
            "--master",
            default="",
            help="With --engine spark: the cluster (default: what Spark is configured to).",
        ),
        click.option(
            "--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True, help=help
        ),
    ]
    if partitions:
        wanted = "With --engine spark: pieces of the input (0: one for each 64 MiB)."
        options.insert(0, click.option("--partitions", default=0, type=click.IntRange(min=0), help=wanted))

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        for option in options:
            command = option(command)
        return command

    return decorated


def check_engine(engine: str, master: str, partitions: int, others: Mapping[str, bool]) -> bool:
    """Whether the work is Spark's; UsageError for options that do not go together (``others``: which of those
    that Spark does not have are given)."""
    if engine == "spark":
        for name, given in others.items():
            if given:
                raise UsageError(
                    fault("E0891", "{option} does not go with --engine spark", option=name),
                    next=tr("leave one of them out"),
                )
        return True
    if master or partitions:
        raise UsageError(
            fault("E0892", "--master and --partitions go with --engine spark"),
            next=tr("leave them out, or add --engine spark"),
        )
    return False


charset_options = click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the charset, such as reading=position or space=two-half; repeatable.",
)


def options_of(settings: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` of a charset's options; which there are, the charset says."""
    out = {}
    for item in settings:
        name, equals, value = item.partition("=")
        if not equals:
            raise UsageError(
                fault("E0819", "--option {item!r} has no value", item=item[:60]),
                next=tr("write --option reading=position; gaiji charset show lists the options"),
            )
        out[name.strip()] = value.strip()
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


password_option = click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="Read the password from the first line of a file (- for standard input) instead of asking for it.",
)


def asked_password(file: TextIO | None, *, again: bool = False) -> str:
    """The password from a file's first line, or typed without being shown (twice, for a new one)."""
    if file is not None:
        return str(file.readline()).rstrip("\r\n")
    return str(click.prompt(tr("password"), hide_input=True, confirmation_prompt=again))


def listen_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of where a screen listens."""
    for option in reversed(
        (
            click.option(
                "--listen",
                default="",
                metavar="HOST[:PORT]",
                help="Where to listen, such as 0.0.0.0:8443 (default: 127.0.0.1); a LAN needs accounts.",
            ),
            click.option(
                "--certificate", type=click.Path(path_type=Path), help="A PEM file with its chain, for TLS."
            ),
            click.option(
                "--key", type=click.Path(path_type=Path), help="Its key, where that is another file."
            ),
            click.option(
                "--name",
                "names",
                multiple=True,
                help="What browsers call this machine; repeatable (default: its own name, or HOST).",
            ),
            click.option(
                "--behind-proxy",
                "proxy",
                default="",
                metavar="URL",
                help="The https:// address at which a reverse proxy shows it.",
            ),
            click.option(
                "--proxy-address",
                "proxies",
                multiple=True,
                help="Where the proxy asks from; repeatable (default: this machine).",
            ),
            click.option("--plain-http", "plain", is_flag=True, help="No TLS on a LAN, for anybody to read."),
        )
    ):
        command = option(command)
    return command
