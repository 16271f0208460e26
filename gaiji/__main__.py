"""``python -m gaiji``: the command line."""

from gaiji.cli import main

main()
