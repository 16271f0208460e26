"""``python -m gaiji``: the command line."""

from gaiji.cli.commands import main

main()
