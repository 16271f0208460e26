"""Packed inputs and outputs: what other programs pack is read, what we pack others unpack, and the proof reads it too."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaiji.disk.datafiles import samples_dir
from gaiji.disk.packing import Input, pack, zstd
from gaiji.errors import UsageError
from gaiji.proof.verify import verify
from gaiji.run.convert import convert
from gaiji.run.reverse import reverse


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(
        samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out", "*.py", "__pycache__")
    )
    return tmp_path / "s"


def unpacked(kind, raw):
    """By the standard library, or the module that will be in it."""
    return gzip.decompress(raw) if kind == "gzip" else zstd().decompress(raw)


@given(st.lists(st.binary(max_size=300), max_size=5), st.sampled_from(["gzip", "zstd"]))
def test_pieces_are_one_file(pieces, kind):
    packed = b"".join(pack(memoryview(piece), kind) for piece in pieces)
    if packed:
        assert unpacked(kind, packed) == b"".join(pieces)


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_cut_anywhere_it_is_never_taken_for_whole(tmp_path, suffix):
    kind = {"gz": "gzip", "zst": "zstd"}[suffix]
    first = pack(memoryview(b"abc" * 50), kind)
    whole = first + pack(memoryview(bytes(range(256))), kind)
    path = tmp_path / f"d.{suffix}"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        file = Input(str(path))
        try:
            got = b""
            while piece := file.read(1 << 16):
                got += piece
        except Exception as error:
            assert "ends in the middle" in str(error) or "is no whole" in str(error)
            assert cut not in (len(first), len(whole))
        else:
            assert (cut, got) in ((len(first), b"abc" * 50), (len(whole), b"abc" * 50 + bytes(range(256))))
            assert (file.count, file.sha256) == (cut, hashlib.sha256(whole[:cut]).hexdigest())
        file.close()


@pytest.mark.parametrize(("suffix", "kind"), [("gz", "gzip"), ("zst", "zstd")])
def test_packed_in_and_out_is_the_same_and_proved(folder, suffix, kind):
    job, dump = folder / "juki-jef.toml", folder / "juki-jef.dat"
    convert(job)
    plain = (folder / "out/juki-jef/juki.csv").read_bytes()
    path = folder / f"juki-jef.dat.{suffix}"
    path.write_bytes(
        gzip.compress(dump.read_bytes()) if kind == "gzip" else zstd().compress(dump.read_bytes())
    )
    overrides = {"source.path": path.name, "output.path": f"out/p/juki.csv.{suffix}"}
    manifest = convert(job, overrides=overrides).data
    raw = (folder / overrides["output.path"]).read_bytes()
    assert unpacked(kind, raw) == plain and len(raw) < len(plain) / 2
    assert manifest["input"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert manifest["input"]["bytes"] == path.stat().st_size
    assert manifest["output"]["sha256"] == hashlib.sha256(raw).hexdigest()
    proof = verify(job, overrides=overrides)
    assert proof.data["holds"] and proof.data["input"]["sha256"] == manifest["input"]["sha256"]
    back = reverse(job, overrides=overrides)
    assert back.data["records"] == 2000 and back.data["output"]["path"] == f"juki.csv.{suffix}.reversed.dat"
    with pytest.raises(UsageError, match="is written unpacked"):
        reverse(job, folder / "back.dat.gz", overrides=overrides)


def test_gzip_of_the_system_reads_it(folder):
    job = folder / "juki-jef.toml"
    convert(job, overrides={"output.path": "out/p/juki.csv.gz"})
    text = subprocess.run(
        ["gzip", "-dc", str(folder / "out/p/juki.csv.gz")], capture_output=True, check=True
    ).stdout
    assert text.count(b"\n") == 2001


def test_a_damaged_output_is_found_by_the_proof(folder):
    job, overrides = folder / "juki-jef.toml", {"output.path": "out/p/juki.csv.gz"}
    convert(job, overrides=overrides)
    path = folder / "out/p/juki.csv.gz"
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace("子".encode(), "予".encode(), 1)))
    assert verify(job, overrides=overrides).exit_code == 1
