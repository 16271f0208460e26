"""Proves that the sanitizers watch the kernels: an access behind a buffer must end the process.

python tests/fuzz/instrumented.py FOLDER     the folder that the package must come from
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gaiji
from gaiji.kernel import (
    compare,
    cut,
    decode,
    described,
    digits,
    encode,
    join,
    numbers,
    numbers_back,
    recut,
    shape,
    unread,
)

KERNELS = (compare, cut, decode, described, digits, encode, join, numbers, numbers_back, recut, shape, unread)
BEHIND = "from gaiji.kernel import cut; cut.csv_skip(bytearray(64), 0, 4096, 1, 0, 10)"
"""Reads on behind 64 bytes."""


def main() -> None:
    """Check where the package is from, that it is compiled, and that a wrong access is caught."""
    folder = Path(sys.argv[1]).resolve()
    for module in (gaiji, *KERNELS):
        assert folder in Path(str(module.__file__)).resolve().parents, module
    assert not [module for module in KERNELS if Path(str(module.__file__)).suffix == ".py"]
    done = subprocess.run([sys.executable, "-c", BEHIND], capture_output=True, text=True)
    assert done.returncode != 0 and "AddressSanitizer: heap-buffer-overflow" in done.stderr, done.stderr[
        -2000:
    ]
    print("the sanitizers watch the kernels: a read behind a buffer is caught")


if __name__ == "__main__":
    main()
