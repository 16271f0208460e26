"""The command line: each module adds the commands of one kind of work to ``commands``."""

import gc

gc.set_threshold(100_000, 20, 100)  # tables are many small objects that live as long as the run: no cycles

from gaiji.cli.commands import main  # noqa: E402

__all__ = ["main"]
