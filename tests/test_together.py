"""Several jobs whose outputs lie in one folder: none touches what another left, whatever their order."""

from __future__ import annotations

import itertools
import json
import re
import shutil

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import GaijiError
from gaiji.proof.verify import verify
from gaiji.run.convert import convert
from gaiji.run.manifest import manifest_path, read_manifest, verify_paths

JOB = """[source]
path = "{name}"
charset = "windows-31j"
format = "csv"
on_bad_record = "quarantine"
[target]
shrink = "jisx0208"
[output]
path = "out/{output}"
[review]
queue = "{output}.sqlite"
"""
YAMA, TA = "山".encode("cp932"), "田".encode("cp932")
INPUTS = {
    "a": b"n,k\r\n" + YAMA + b",1\r\n" + TA + b",2,3\r\n",
    "b": b"n,k\r\n" + TA + b",2\r\n" + YAMA + b",1,1,1\r\n",
    "c": b"n,k\r\n" + TA + b",2\r\n",
}
OUTPUTS = {"a": "x.csv", "b": "x.tsv", "c": "x.parquet"}


def write(folder, name):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_bytes(INPUTS[name])
    (folder / f"{name}.toml").write_text(JOB.format(name=f"{name}.csv", output=OUTPUTS[name]), "utf-8")
    return folder / f"{name}.toml"


def left(folder):
    """What is in the folder of the outputs, without the times."""
    found = {}
    for path in (folder / "out").iterdir():
        data = path.read_bytes()
        if path.suffix == ".json":
            data = re.sub(rb'"(started|finished)": "[^"]+"', b"", data)
        if path.suffix != ".html":
            found[path.name] = data
    return found


def test_any_order_leaves_what_separate_folders_hold(tmp_path):
    wanted = {}
    for name in INPUTS:
        job = write(tmp_path / f"alone-{name}", name)
        convert(job)
        assert verify(job).holds
        wanted |= left(job.parent)
    for order in itertools.permutations(INPUTS):
        folder = tmp_path / "".join(order)
        for name in order:
            convert(write(folder, name))
        for name in order:
            assert verify(folder / f"{name}.toml").holds
        assert left(folder) == wanted
    assert {"x.csv.bad-records.bin", "x.tsv.bad-records.tsv", "x.jisx0208.parquet.side.tsv"} <= set(wanted)
    assert not any(name.startswith("x.parquet.bad") for name in wanted)


def test_the_ways_back_leave_each_other_alone(tmp_path):
    for name in INPUTS:
        convert(write(tmp_path, name))
    for name in INPUTS:
        shown = CliRunner().invoke(main, ["convert", "--reverse", str(tmp_path / f"{name}.toml")])
        back = f"{OUTPUTS[name]}.reversed.csv"
        assert shown.exit_code == 0 and f"in {back}.reverse-findings.tsv" in shown.output
    for name in INPUTS:
        for end in ("", ".reverse-findings.tsv", ".reverse.json"):
            assert (tmp_path / f"out/{OUTPUTS[name]}.reversed.csv{end}").exists()


def test_a_run_without_bad_records_removes_its_former_own(tmp_path):
    job, other = write(tmp_path, "a"), write(tmp_path, "b")
    convert(job)
    convert(other)
    kept = (tmp_path / "out/x.tsv.bad-records.bin").read_bytes()
    (tmp_path / "a.csv").write_bytes(INPUTS["c"])
    assert convert(job).data["records"]["quarantined"] == 0
    assert not list((tmp_path / "out").glob("x.csv.bad-records*"))
    assert (tmp_path / "out/x.tsv.bad-records.bin").read_bytes() == kept
    assert verify(job).holds


def test_a_run_that_fails_keeps_the_quarantine_of_the_output_that_stands(tmp_path):
    job = write(tmp_path, "a")
    convert(job)
    before = left(tmp_path)
    with pytest.raises(GaijiError):
        convert(job, overrides={"source.on_bad_record": "fail"})
    assert left(tmp_path) == before


def make_old(folder, output):
    """As an earlier version left it: manifest.json and bad-records.*."""
    out = folder / "out"
    told = json.loads(manifest_path(out / output).read_text("utf-8"))
    for file in told["quarantine"]["files"]:
        older = file["path"].removeprefix(f"{output}.")
        shutil.move(out / file["path"], out / older)
        file["path"] = older
    manifest_path(out / output).unlink()
    (out / "manifest.json").write_text(json.dumps(told), "utf-8")


def test_a_manifest_of_an_earlier_version_is_read(tmp_path):
    job, output = write(tmp_path, "a"), tmp_path / "out/x.csv"
    convert(job)
    make_old(tmp_path, "x.csv")
    assert verify(job).holds
    assert verify_paths(output)[0].exists()
    shown = CliRunner().invoke(main, ["report", "summary", str(job), "--output", str(tmp_path / "s.html")])
    assert shown.exit_code == 0, shown.output
    (tmp_path / "out/bad-records.bin").write_bytes(b"another")
    assert not verify(job).holds


def test_a_manifest_of_an_earlier_version_is_not_another_outputs(tmp_path):
    job, other = write(tmp_path, "a"), write(tmp_path, "b")
    convert(job)
    make_old(tmp_path, "x.csv")
    convert(other)
    assert read_manifest(tmp_path / "out/x.tsv")["output"]["path"] == "out/x.tsv"
    manifest_path(tmp_path / "out/x.tsv").unlink()
    with pytest.raises(GaijiError, match="no manifest"):
        verify(other)
    assert verify(job).holds


def test_what_tells_of_standard_output_is_named_after_the_job(tmp_path):
    for name in ("a", "b"):
        job = write(tmp_path, name)
        shown = CliRunner().invoke(
            main, ["convert", str(job), "--set", "output.path=-", "--set", "target.shrink="]
        )
        assert shown.exit_code == 3 and f"manifest: {tmp_path / name}.toml.manifest.json" in shown.output
    for name in ("a", "b"):
        told = json.loads((tmp_path / f"{name}.toml.manifest.json").read_text("utf-8"))
        assert told["input"]["path"] == f"{name}.csv"
        assert (tmp_path / f"{name}.toml.bad-records.bin").exists()
