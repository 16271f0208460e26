"""Whether there is room to work: asked before the first byte, because some libraries end the process when
memory runs out.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr

NEED = 3 << 29
"""Bytes of address space that a run takes at most beside what the program has already, the libraries that it
loads on the way among them; far more than it touches.
"""


def check_memory() -> None:
    """GaijiError when the process's limit of address space (``ulimit -v``) leaves too little for a run."""
    if sys.platform == "win32":
        return
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return
    used = 0
    with suppress(OSError, ValueError, IndexError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    if limit - used < NEED:
        raise GaijiError(
            (
                fault(
                    "E0270",
                    "there is not enough memory: the limit leaves {limit} MiB of {need} MiB",
                    limit=max(limit - used, 0) >> 20,
                    need=NEED >> 20,
                )
            ),
            next=tr("raise the limit (ulimit -v)"),
        )
