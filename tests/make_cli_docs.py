"""Writes docs/cli.md from the commands' own help; ``test_cli`` holds the two equal."""

from __future__ import annotations

from pathlib import Path

import click

from gaiji.cli.commands import main

HEAD = "# The command line\n\nMade by `python tests/make_cli_docs.py` from the commands' own help; a test holds the two equal.\n"
TOLD = """
## What convert tells

The last lines say, per reason, how many units of how many records are flagged, in which fields (five of them by name), and where the
first is (record from 1, byte of the input). The same stands under `flagged` in the manifest. A file with a 外字 in the notes of three
people, and another with two numbers that are none and half a character:

```
3 of 3 records written to out.csv
unmapped-gaiji: 4 in 3 records, 1 fields: 備考 (4); first in record 1, field 備考, byte 18
2 codes wait for review in review.sqlite
manifest: out.csv.manifest.json
```

```
4 of 4 records written to out.csv
broken-shift: 1 in 1 records, 1 fields: t (1); first in record 3, field t, byte 11
bad-number: 2 in 2 records, 1 fields: n (2); first in record 2, field n, byte 5
0 codes wait for review in review.sqlite
manifest: out.csv.manifest.json
```

Lines of which the layout describes two bytes: one has six more, one has blanks behind them, one has a byte only.

```
3 of 3 records written to out.csv
uncovered: 6 bytes in 1 records that no field takes; first in record 1, byte 2
short-record: 1 records end before their last field; first record 3, byte 15
0 codes wait for review in review.sqlite
manifest: out.csv.manifest.json
```

All end with exit code 3. It is 0 only when nothing is flagged in any field, whatever its role, no record was dropped or set aside, and no
byte is uncovered. `FILLER that is not blank: …` is told and is no finding: the layout says that it holds nothing of a field.
What waits in the queue is another matter: all findings of name, kana and address fields, and 外字 (`unmapped-gaiji`,
`unmapped-extension`, `ambiguous`, `no-unicode`) of all text fields; `[review] roles` narrows it.
"""


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
        for child in command.list_commands(context):
            out += pages(command.get_command(context, child), child, context)
    return out


def document() -> str:
    """The whole page."""
    return HEAD + TOLD + "".join(pages(main, "gaiji"))


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "cli.md").write_text(document(), "utf-8")
