"""The command line: each module adds the commands of one kind of work to ``commands``."""

from gaiji.cli.commands import main

__all__ = ["main"]
