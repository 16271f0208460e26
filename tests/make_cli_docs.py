"""Writes docs/cli.md from the commands' own help; ``test_cli`` holds the two equal."""

from __future__ import annotations

from pathlib import Path

import click

from gaiji.cli.commands import main

HEAD = "# The command line\n\nMade by `python tests/make_cli_docs.py` from the commands' own help; a test holds the two equal.\n"


def pages(command: click.Command, name: str, parent: click.Context | None = None) -> list[str]:
    """The help of a command and of all below it."""
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=100,
        max_content_width=100,
        **command.context_settings,
    )
    out = [f"\n## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            out += pages(command.commands[child], child, context)
    return out


def document() -> str:
    """The whole page."""
    return HEAD + "".join(pages(main, "gaiji"))


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "cli.md").write_text(document(), "utf-8")
