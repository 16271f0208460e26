"""The samples: made again byte for byte, converted, and compared with what the generator meant."""

from __future__ import annotations

import csv
import importlib.util
import json
import random
import shutil
import sys

import polars as pl
import pytest

from gaiji.codes.tables import load_site
from gaiji.disk.datafiles import samples_dir
from gaiji.run.convert import convert
from gaiji.run.manifest import manifest_path

SAMPLES = samples_dir()
JOBS = {"jef": "juki-jef", "keis": "koseki-keis", "windows": "juki-windows"}


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("generate_samples", SAMPLES / "generate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("samples") / "samples"
    shutil.copytree(SAMPLES, target, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return target


def test_the_samples_are_made_again_byte_for_byte(generator, tmp_path):
    generator.main(tmp_path)
    for path in sorted(p for p in tmp_path.rglob("*") if p.is_file()):
        assert path.read_bytes() == (SAMPLES / path.relative_to(tmp_path)).read_bytes(), path.name


@pytest.mark.parametrize("name", JOBS)
def test_each_job_converts_and_reconciles(folder, name, generator):
    manifest = convert(folder / f"{JOBS[name]}.toml")
    assert manifest.exit_code == 3
    data = json.loads(manifest_path(folder / manifest.data["output"]["path"]).read_text("utf-8"))
    for field in data["fields"].values():
        assert field["reconciled"]
        assert field["units"] == field["mapped"] + field["passed"] + sum(field["flagged"].values())
    decided = {row.code for row in load_site(folder / "site" / f"sample-city-{name}.tsv").rows}
    rare = generator.RARE[name]
    first = {"jef": 0x80A1, "keis": 0x81A1, "windows": 0xF040}[name]
    open_codes = {f"{first + i:04X}" for i in range(len(rare)) if first + i not in decided}
    waiting = {f["code"] for f in data["findings"] if f["reason"] == "unmapped-gaiji" and f["role"] == "name"}
    assert waiting == open_codes


def names(folder, name):
    if name == "windows":
        return pl.read_parquet(folder / "out/juki-windows/juki.parquet")["氏名"].to_list()
    column = {"jef": ("juki-jef/juki.csv", "氏名"), "keis": ("koseki-keis/koseki.csv", "筆頭者_氏")}[name]
    with (folder / "out" / column[0]).open(encoding="utf-8", newline="") as file:
        return [row[column[1]] for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", JOBS)
def test_names_are_those_that_were_meant(folder, name, generator):
    from gaiji.standard.repertoire import load_repertoire

    convert(folder / f"{JOBS[name]}.toml")
    repertoire = load_repertoire()
    decided = {row.glyph for row in load_site(folder / "site" / f"sample-city-{name}.tsv").rows}
    people = generator.people(
        random.Random(f"{generator.SEED}-{name}"), generator.RARE[name], {"keis": 800}.get(name, 2000)
    )
    wrong = 0
    for person, found in zip(people, names(folder, name), strict=True):
        tokens = person.surname if name == "keis" else (*person.surname, "　", *person.given)
        meant = [
            repertoire[t].form("needed") if t in decided else "〓" if t[0] in "M?" else t for t in tokens
        ]
        plain = "".join(c for c in found if not 0xE0100 <= ord(c) <= 0xE01EF)
        wrong += plain != "".join(c for c in "".join(meant) if not 0xE0100 <= ord(c) <= 0xE01EF)
    spoiled = {"jef": 2000 // 331 + 2000 // 401, "keis": 0, "windows": 2000 // 487}[name]
    assert wrong == spoiled


def test_decided_gaiji_come_out_with_their_selectors(folder):
    convert(folder / "juki-jef.toml")
    assert "渡邉\U000e0119" in (folder / "out/juki-jef/juki.csv").read_text("utf-8")


@pytest.mark.parametrize("name", JOBS)
def test_threads_do_not_change_the_output(folder, name):
    digests = set()
    for threads in (1, 2, 3):
        manifest = convert(folder / f"{JOBS[name]}.toml", threads=threads).data
        digests.add((manifest["output"]["sha256"], json.dumps(manifest["findings"])))
    assert len(digests) == 1


def test_glyph_columns_name_each_character(folder):
    convert(folder / "koseki-keis.toml")
    with (folder / "out/koseki-keis/koseki.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert len(row["筆頭者_氏.glyphs"].split()) == len(row["筆頭者_氏"])
    assert len(row["父氏名.glyphs"].split()) == len(row["父氏名"])


def test_the_demo_runs(tmp_path):
    from gaiji.cli.demo import run_demo

    lines = list(run_demo(tmp_path / "demo"))
    assert sum(line.endswith("records converted") for line in lines) == 3
    assert any("6 systems, 7 files" in line for line in lines)
    assert (tmp_path / "demo/town/migration/book.html").exists()
    assert (tmp_path / "demo/out/juki-jef/review.csv").exists()
