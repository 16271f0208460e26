"""``make bench``: gaiji beside its peers on the same bytes, in one run, with ratios. Makes its data itself.

Two kinds of made-up IBM-939 records: *dense* (kanji fields full, as in name and address extracts) and
*padded* (400 bytes, most of them spaces, on which every converter is quicker). Times are the median of
interleaved runs after one that is not counted.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path

import gaiji
from gaiji.kernel import decode as kernel
from gaiji.kernel.decode import CONSTANTS as DECODE

HERE = Path(__file__).parent
MB = 1_000_000
ICONV = ["iconv", "-f", "IBM939", "-t", "UTF-8"]
DENSE = [
    ("number", 10, "sbcs", "other"),
    ("name", 14, "mixed", "name"),
    ("kana", 12, "sbcs", "kana"),
    ("head", 14, "mixed", "name"),
    ("address", 86, "mixed", "address"),
    ("building", 42, "mixed", "address"),
    ("birth", 8, "zoned", "other"),
]
PADDED = [(name, size * 2 + 4 if kind == "mixed" else size, kind, role) for name, size, kind, role in DENSE]


def run(command: list[str]) -> float:
    """Seconds of a command whose output is thrown away; a failing command ends the bench."""
    begin = time.perf_counter()
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    seconds = time.perf_counter() - begin
    if code not in (0, 3):
        sys.exit(f"bench: {command[:3]} failed")
    return seconds


def peak(command: list[str]) -> int:
    """Peak resident MiB of a command, from its own VmHWM (ru_maxrss would count this process before exec)."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    highest = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
        highest = max([highest, *(int(line.split()[1]) for line in lines)])
        time.sleep(0.01)
    if process.wait() not in (0, 3):
        sys.exit(f"{' '.join(command)}: exit {process.returncode}")
    return highest // 1024


def agreed_codes(folder: Path) -> list[bytes]:
    """Kanji codes of CCSID 300 that iconv and our table read alike (disputes.tsv lists the others)."""
    charset = gaiji.load_charset("ibm-939", options={"dash": "source"})
    codes = [
        code.to_bytes(2, "big") for (size, code), e in charset.entries.items() if size == 2 and e.row.glyph
    ]
    probe = folder / "probe"
    probe.write_bytes(b"\x0e" + b"".join(codes) + b"\x0f")
    theirs = subprocess.run([*ICONV, str(probe)], capture_output=True, check=True).stdout.decode()
    ours = charset.decode(probe.read_bytes(), form="never").text
    return [code for code, a, b in zip(codes, theirs, ours, strict=True) if a == b]


def record(layout: list[tuple[str, int, str, str]], codes: list[bytes], number: int, fill: bool) -> bytes:
    """One made-up record."""
    out = b""
    for name, size, kind, _ in layout:
        if kind == "mixed":
            room = (size - 2) // 2
            used = room if fill else min(room, random.randint(3, 20))
            out += b"\x0e" + b"".join(random.choices(codes, k=used)) + b"\x40\x40" * (room - used) + b"\x0f"
        elif name == "kana":
            out += bytes(random.choices(range(0xC1, 0xC9), k=7)).ljust(size, b"\x40")
        else:
            out += b"".join(bytes([0xF0 | int(c)]) for c in f"{number:0{size}d}"[-size:])
    return out


def make(
    folder: Path, name: str, layout: list[tuple[str, int, str, str]], codes: list[bytes], size: int
) -> Path:
    """A dump of about ``size`` bytes and its job."""
    random.seed(939)
    block = b"".join(record(layout, codes, i, name == "dense") for i in range(20_000))
    path = folder / f"{name}.dat"
    with path.open("wb") as file:
        for _ in range(max(size // len(block), 1)):
            file.write(block)
    lines = [
        f'[source]\npath = "{path.name}"\ncharset = "ibm-939"\nformat = "fixed"\nrecord_length = {len(block) // 20_000}'
    ]
    lines.append(f'[output]\npath = "out/{name}.csv"')
    at = 0
    for field, length, kind, role in layout:
        lines.append(
            f'[[field]]\nname = "{field}"\noffset = {at}\nlength = {length}\ntype = "{kind}"\nrole = "{role}"'
        )
        at += length
    (folder / f"{name}.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return path


def whole_job(folder: Path, name: str, rounds: int) -> None:
    """File → CSV + queue + manifest against iconv on the same bytes."""
    path = folder / f"{name}.dat"
    job = [sys.executable, "-m", "gaiji", "convert", str(folder / f"{name}.toml"), "--threads", "2"]
    ours, theirs = [], []
    for number in range(rounds + 1):
        a, b = run(job), run([*ICONV, str(path)])
        if number:
            ours.append(a)
            theirs.append(b)
    mine, peer = statistics.median(ours), statistics.median(theirs)
    size = path.stat().st_size / MB
    print(f"whole job, {name}, {size:,.0f} MB, 2 threads: {mine:.2f} s, {size / mine:,.0f} MB/s")
    print(f"  iconv to nowhere:  {peer:.2f} s, {size / peer:,.0f} MB/s   ratio {peer / mine:.2f}")


def proof(folder: Path, name: str, rounds: int) -> None:
    """``gaiji verify`` beside ``gaiji convert`` on the same dump, in turns."""
    size = (folder / f"{name}.dat").stat().st_size / MB
    times: dict[str, list[float]] = {"convert": [], "verify": []}
    for number in range(rounds + 1):
        for command, seconds in times.items():
            taken = run(
                [sys.executable, "-m", "gaiji", command, str(folder / f"{name}.toml"), "--threads", "2"]
            )
            if number:
                seconds.append(taken)
    convert, verify = (statistics.median(seconds) for seconds in times.values())
    print(f"proof, {name}, {size:,.0f} MB, 2 threads: verify {verify:.2f} s, {size / verify:,.0f} MB/s")
    print(
        f"  convert: {convert:.2f} s, {size / convert:,.0f} MB/s   verify's speed is {convert / verify:.2f} of convert's"
    )


def bookkeeping(folder: Path, name: str, rounds: int) -> None:
    """What keeping checkpoints costs ``convert``: the same dump with and without, in turns."""
    size = (folder / f"{name}.dat").stat().st_size / MB
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds + 1):
        for kept in (True, False) if number % 2 else (False, True):
            code = f"from gaiji.convert import convert; convert({str(folder / f'{name}.toml')!r}, threads=2, checkpoints={kept})"
            taken = run([sys.executable, "-c", code])
            if number:
                times[kept].append(taken)
    kept, bare = (statistics.median(times[which]) for which in (True, False))
    print(
        f"checkpoints, {name}, {size:,.0f} MB, 2 threads: with {kept:.2f} s, without {bare:.2f} s   they cost {kept / bare - 1:+.1%}"
    )


def kernel_alone(folder: Path, name: str, rounds: int) -> None:
    """The kernel on one thread, over one field that is the whole record, against iconv and the JVM."""
    path = folder / "slice.dat"
    layout = DENSE if name == "dense" else PADDED
    length = sum(size for _, size, _, _ in layout)
    data = (folder / f"{name}.dat").read_bytes()[: 100 * MB // length * length]
    path.write_bytes(data)
    charset = gaiji.load_charset("ibm-939", options={"dash": "source"})
    program = charset.program(name_field=False, form="never")
    rows = len(data) // length
    starts, ends = (
        array("q", range(0, len(data), length)),
        array("q", range(length, len(data) + length, length)),
    )
    out, offsets = bytearray(2 * len(data) + 4096), array("q", bytes(8 * rows + 8))
    found, states = array("q", bytes(8 * DECODE["FINDING"] * 1000)), bytearray(rows)
    best = 1e9
    for _ in range(rounds + 2):
        work = kernel.Work(data, out, found, array("q", bytes(8 * DECODE["N_COUNTS"])))
        begin = time.perf_counter()
        done = kernel.decode_rows(
            program, work, 0, 0, 0, starts, ends, 0, length, states, offsets, 0, len(out) - 8, 1000
        )
        best = min(best, time.perf_counter() - begin)
        if done != rows:
            sys.exit("bench: the kernel stopped early")
    theirs = subprocess.run([*ICONV, str(path)], capture_output=True, check=True).stdout
    same = hashlib.sha256(theirs).digest() == hashlib.sha256(memoryview(out)[: work.o]).digest()
    iconv = min(run([*ICONV, str(path)]) for _ in range(3))
    size = len(data) / MB
    print(
        f"kernel, {name}, {size:,.0f} MB, 1 thread ({'compiled' if kernel.compiled() else 'interpreted'}): {size / best:,.0f} MB/s"
    )
    print(
        f"  iconv: {size / iconv:,.0f} MB/s   ratio {iconv / best:.1f}   same text: {'yes' if same else 'NO'}"
    )
    jvm(folder, path, "x-IBM939", best, size, [])


def jvm(folder: Path, path: Path, charset: str, best: float, size: float, classpath: list[str]) -> None:
    """A charset of the JVM on the same bytes, warmed up (best of eight rounds)."""
    if not shutil.which("javac"):
        print("  JVM: no Java here")
        return
    subprocess.run(["javac", "-d", str(folder), str(HERE / "DecodeBench.java")], check=True)
    command = [
        "java",
        "-cp",
        os.pathsep.join([str(folder), *classpath]),
        "DecodeBench",
        str(path),
        charset,
        "8",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"  JVM {charset}: {done.stderr.splitlines()[0]}")
        return
    seconds = float(done.stdout.split()[0])
    print(f"  JVM {charset}: {size / seconds:,.0f} MB/s   ratio {seconds / best:.1f}")


def jef(folder: Path) -> None:
    """JEF through the kernel, and jef4j where its jar is given in JEF4J_JAR."""
    charset = gaiji.load_charset("fujitsu-jef-ebcdik")
    random.seed(78)
    codes = [
        code.to_bytes(2, "big") for (size, code), e in charset.entries.items() if size == 2 and e.row.glyph
    ]
    data = (
        b"".join(b"\x28" + b"".join(random.choices(codes, k=40)) + b"\x29\xc1\xc2\xc3" for _ in range(20_000))
        * 55
    )
    program = charset.program(name_field=False)
    out, best = bytearray(4 * len(data) + 4096), 1e9
    for _ in range(5):
        work = kernel.Work(
            data, out, array("q", bytes(8 * 6 * len(data) // 50)), array("q", bytes(8 * DECODE["N_COUNTS"]))
        )
        rows = array("q", range(0, len(data), 85))
        ends = array("q", range(85, len(data) + 85, 85))
        begin = time.perf_counter()
        kernel.decode_rows(
            program,
            work,
            0,
            0,
            0,
            rows,
            ends,
            0,
            85,
            bytearray(len(rows)),
            array("q", bytes(8 * len(rows) + 8)),
            0,
            len(out) - 8,
            len(data) // 50,
        )
        best = min(best, time.perf_counter() - begin)
    size = len(data) / MB
    print(f"kernel, JEF, {size:,.0f} MB, 1 thread: {size / best:,.0f} MB/s")
    path = folder / "jef.dat"
    path.write_bytes(data)
    jar = os.environ.get("JEF4J_JAR", "")
    if jar:
        jvm(folder, path, "x-Fujitsu-JEF-EBCDIK", best, size, [jar])
    else:
        print(
            "  jef4j: not measured; set JEF4J_JAR to the jar (the package registry used for this project does not serve it)"
        )
    path.unlink()


def memory(folder: Path, codes: list[bytes], sizes: list[int]) -> None:
    """Peak memory of whole jobs as the input grows."""
    peaks = []
    for size in sizes:
        make(folder, "dense", DENSE, codes, size)
        peaks.append(
            peak([sys.executable, "-m", "gaiji", "convert", str(folder / "dense.toml"), "--threads", "2"])
        )
    shown = ", ".join(f"{size / MB:,.0f} MB: {peak} MiB" for size, peak in zip(sizes, peaks, strict=True))
    print(f"peak memory by input size: {shown}")


def same_output(folder: Path) -> None:
    """One thread and two write the same bytes."""
    digests = set()
    for threads in ("1", "2"):
        run([sys.executable, "-m", "gaiji", "convert", str(folder / "dense.toml"), "--threads", threads])
        with (folder / "out" / "dense.csv").open("rb") as file:
            digests.add(hashlib.file_digest(file, "sha256").hexdigest())
    print(f"output of 1 and 2 threads identical: {'yes' if len(digests) == 1 else 'NO'}")


def start_up() -> None:
    """How long ``gaiji --help`` takes."""
    times = [run([sys.executable, "-m", "gaiji", "--help"]) for _ in range(7)]
    print(f"gaiji --help: {statistics.median(times):.3f} s")


def main() -> None:
    """Run everything; ``--quick`` on a tenth of the data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 MB instead of 1 GB, no memory series")
    parser.add_argument("--folder", help="where the data go (default: a temporary folder)")
    options = parser.parse_args()
    size = 100 * MB if options.quick else 1000 * MB
    rounds = 3
    with tempfile.TemporaryDirectory(prefix="gaiji-bench-", dir=options.folder) as name:
        folder = Path(name)
        print(f"gaiji {gaiji.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
        codes = agreed_codes(folder)
        make(folder, "dense", DENSE, codes, size)
        make(folder, "padded", PADDED, codes, size)
        whole_job(folder, "dense", rounds)
        whole_job(folder, "padded", rounds)
        proof(folder, "dense", rounds)
        proof(folder, "padded", rounds)
        bookkeeping(folder, "dense", rounds + 2)
        bookkeeping(folder, "padded", rounds + 2)
        kernel_alone(folder, "dense", rounds)
        kernel_alone(folder, "padded", rounds)
        jef(folder)
        same_output(folder)
        if not options.quick:
            memory(folder, codes, [100 * MB, 1000 * MB, 2000 * MB])
        start_up()


if __name__ == "__main__":
    main()
