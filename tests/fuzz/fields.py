"""Millions of made-up fields through convert, verify and the way back: every charset, every field type.

    python tests/fuzz/fields.py --fields 10000000

A third of the bytes is random, a third is codes of the charset with its shifts, a third is such codes with bytes turned over;
each dump has its own few dozen bytes and few hundred codes, so that the kernels do most of the work and not the lists of findings.
What must hold is what ``gaiji`` promises: counts reconcile (``convert`` checks), the proof finds nothing changed, the way back
ends. Run it on kernels built with sanitizers (``.ci/sanitize``) to have every access to memory checked too. The seed is printed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.spec import charset_names
from gaiji.kernel import decode as kernel
from gaiji.proof.verify import verify
from gaiji.run.convert import convert
from gaiji.run.reverse import reverse

SHIFTED = (
    ("a", 18, "mixed", "name"),
    ("b", 12, "dbcs", "name"),
    ("c", 9, "sbcs", "kana"),
    ("d", 33, "mixed", "address"),
)
PLAIN = (
    ("a", 18, "mixed", "name"),
    ("b", 12, "mixed", "name"),
    ("c", 8, "mixed", "kana"),
    ("d", 34, "mixed", "address"),
)
NUMBERS = (
    ("e", 7, "zoned", "other"),
    ("f", 4, "packed", "other"),
    ("g", 4, "binary", "other"),
    ("h", 5, "raw", "other"),
)
OUTPUTS = ("o.csv", "o.tsv", "o.dat", "o.parquet", "o.csv.gz")


def codes(system: Charset) -> list[bytes]:
    """Codes of the charset as they stand in its bytes, a few of each kind, and its shifts."""
    out = []
    for size, code in system.entries:
        if system.spec.kind == "decimal":
            out.append(f"{code:0{size}d}".encode() if size > 1 else bytes([code & 0xFF]))
        elif system.spec.kind.startswith("utf"):
            wide = {"utf-8": "utf-8", "utf-16-be": "utf-16-be", "utf-16-le": "utf-16-le"}[system.spec.kind]
            out.append(chr(code).encode(wide, "surrogatepass"))
        else:
            out.append(code.to_bytes(size, "big"))
    some = random.sample(out, min(len(out), 400))
    if system.spec.kind == "shifted":
        some += [system.encode(text) for text in ("山", "山A", "A山")] * 10
    return some or [b"\x40"]


def block(some: list[bytes], rows: int, length: int, style: int) -> bytes:
    """The bytes of some records."""
    if style == 0:
        return bytes(random.choices(random.sample(range(256), 40), k=rows * length))
    raw = bytearray(b"".join(random.choices(some, k=rows * length)))[: rows * length]
    raw += bytes(rows * length - len(raw))
    if style == 2:
        turned = random.sample(range(256), 8)
        for _ in range(len(raw) // 30):
            raw[random.randrange(len(raw))] = random.choice(turned)
    return bytes(raw)


def round_of(name: str, rows: int, folder: Path) -> int:
    """One dump of one charset there and back; the number of fields."""
    system = load_charset(name)
    fields = (SHIFTED if system.spec.kind == "shifted" else PLAIN) + NUMBERS
    length = sum(field[1] for field in fields)
    some = codes(system)
    (folder / "d.dat").write_bytes(b"".join(block(some, rows // 3, length, style) for style in range(3)))
    lines = [
        f'[source]\npath = "d.dat"\ncharset = "{name}"\nformat = "fixed"\nrecord_length = {length}',
        f'trim = "{random.choice(("right", "none"))}"\nshift = "{random.choice(("reset", "carry"))}"',
        f'[output]\npath = "out/{random.choice(OUTPUTS)}"\n[review]\nsamples = 1\ncontext = "none"',
        f'[target]\nform = "{random.choice(("needed", "always", "never"))}"',
    ]
    at = 0
    for field, size, kind, role in fields:
        lines.append(
            f'[[field]]\nname = "{field}"\noffset = {at}\nlength = {size}\ntype = "{kind}"\nrole = "{role}"'
        )
        at += size
    job = folder / "job.toml"
    job.write_text("\n".join(lines), "utf-8")
    done = convert(job, threads=2).data
    assert done["records"]["written"] == rows // 3 * 3, done["records"]
    proof = verify(job, threads=2).data
    assert proof["holds"], {field: found["cells"] for field, found in proof["fields"].items()}
    if 'shift = "carry"' not in lines[1]:
        reverse(job)
    (folder / "out/review.sqlite").unlink()
    return int(done["records"]["written"]) * len(fields)


def main() -> None:
    """Rounds over all charsets until enough fields were made."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fields", type=int, default=10_000_000)
    parser.add_argument("--rows", type=int, default=33_000, help="records of a round")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = parser.parse_args()
    print(
        f"seed {given.seed}, kernel {'compiled' if kernel.compiled() else 'interpreted'}: {kernel.__file__}",
        flush=True,
    )
    random.seed(given.seed)
    names, fields, rounds, begin = charset_names(), 0, 0, time.monotonic()
    while fields < given.fields:
        with tempfile.TemporaryDirectory(prefix="gaiji-fields-") as folder:
            name = names[rounds % len(names)]
            try:
                fields += round_of(name, given.rows, Path(folder))
            except Exception:
                print(f"FINDING with {name} in round {rounds} of seed {given.seed}", file=sys.stderr)
                raise
        rounds += 1
        if rounds % 10 == 0:
            print(f"{fields:,} fields, {time.monotonic() - begin:.0f} s", flush=True)
    print(
        f"{fields:,} fields in {rounds} dumps of {min(rounds, len(names))} charsets, {time.monotonic() - begin:.0f} s: clean"
    )


if __name__ == "__main__":
    main()
