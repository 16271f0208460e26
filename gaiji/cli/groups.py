"""Groups whose commands stand in several modules, each loaded when one of its commands is asked for.

Owns that, and the reader's language of their help: to build every command costs as much as a small job.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib import import_module
from typing import Any

import click

from gaiji.errors.messages import tr, translated


class Group(click.Group):
    """``rooms``: module of ``gaiji.cli`` → the names of the commands in its ``COMMANDS``."""

    def __init__(self, *args: Any, rooms: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rooms = {name: room for room, names in rooms.items() for name in names}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *self.rooms})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.rooms and cmd_name not in self.commands:
            for command in import_module(f"gaiji.cli.{self.rooms[cmd_name]}").COMMANDS:
                self.add_command(translate(deepcopy(command)) if translated() else command)
        return super().get_command(ctx, cmd_name)


def translate(command: click.Command) -> click.Command:
    """The command, with its help and that of those below it in the reader's language."""
    command.help = command.help and tr(inspect.cleandoc(command.help))
    command.short_help = command.short_help and tr(command.short_help)
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            option.help = tr(option.help)
    for below in getattr(command, "commands", {}).values():
        translate(below)
    return command
