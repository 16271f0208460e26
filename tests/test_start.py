"""What is kept of compiled tables between two starts: the same as compiled anew, and never anything else."""

from __future__ import annotations

import importlib
import os
import pickle
import random
import shutil
import stat
import subprocess
import sys

import click
import pytest

import gaiji
from gaiji.cli.commands import ROOMS, main
from gaiji.codes.compiled import Kept
from gaiji.codes.program import Grades, Writes
from gaiji.codes.rows import KeptRows
from gaiji.codes.spec import charset_names
from gaiji.disk import kept as store
from gaiji.errors import TableError
from gaiji.queue.items import Item, Proposal, Sample
from gaiji.queue.queue import open_queue

RAW = bytes.fromhex("0e4ac94a5544e20f40c1")
MARKS = frozenset("?・")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A folder of this test's own."""
    monkeypatch.setenv("GAIJI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept_files(cache):
    """The programs that are kept, not the notes."""
    return sorted(path for path in cache.iterdir() if path.stat().st_size > 1000)


def programs(charset):
    """What the kernel gets for every kind of field and output form."""
    asked = [
        {"name_field": False},
        {"name_field": True, "controls": True, "grades": Grades.NOTE, "marks": MARKS},
        {"name_field": True, "grades": Grades.ASK, "form": "always"},
        {"controls": True, "writes": Writes.UNITS},
    ]
    return [charset.program(**one).compiled.arguments({}) for one in asked]


@pytest.mark.parametrize("name", charset_names())
def test_what_was_kept_is_what_is_compiled(cache, monkeypatch, name):
    monkeypatch.setenv("GAIJI_CACHE", "off")
    wanted = programs(gaiji.load_charset(name))
    monkeypatch.setenv("GAIJI_CACHE", str(cache))
    assert programs(gaiji.load_charset(name)) == wanted  # compiled, and kept
    again = gaiji.load_charset(name)
    monkeypatch.setattr("gaiji.codes.charset.compiler_of", None)  # nothing can be compiled now
    monkeypatch.setattr("gaiji.codes.program.Compiled.ruled", None)
    assert programs(again) == wanted
    assert "entries" not in vars(again)  # no row was read for it


def rows_of(charset):
    """Every row that decides a code, and which table it is of."""
    tables = (*charset.tables, *charset.sites)
    place = {id(table): at for at, table in enumerate(tables)}
    return {key: (entry.row, place[id(entry.table)]) for key, entry in charset.entries.items()}


@pytest.mark.parametrize("name", charset_names())
def test_the_rows_that_were_kept_are_those_of_the_tables(cache, name):
    """Every code, one by one; and none where the tables have none."""
    wanted = rows_of(gaiji.load_charset(name))
    again = gaiji.load_charset(name)
    kept = again._kept.rows
    place = {id(table): at for at, table in enumerate(again.tables)}
    found = {key: kept.get(key) for key in wanted}
    assert {key: (entry.row, place[id(entry.table)]) for key, entry in found.items()} == wanted
    chance = random.Random(4)
    strange = {(size, chance.randrange(1 << 26)) for size in (1, 2, 3, 4, 5, 6, 8) for _ in range(200)}
    assert all(kept.get(key) is None for key in strange - set(wanted))
    assert "entries" not in vars(again)


def test_a_town_s_own_rows_are_kept_without_what_it_wrote_beside_them(cache, tmp_path):
    """The row is as ever, and the words of the people who decided it are in the table alone."""
    head = "code\tucs\tglyph\tflag\tnote\tevidence\tdecided_by\tdecided_at\treplaces\n"
    line = "6941\t\tMJ026190\t0\t窓口の覚え\t台帳\t見本 太郎\t2026-10-01\t\n"
    site = tmp_path / "site.tsv"
    site.write_text(head + line, "utf-8")
    wanted = rows_of(gaiji.load_charset("ibm-939", [site]))
    again = gaiji.load_charset("ibm-939", [site])
    entry = again.entry("6941")
    assert entry.row.note == "窓口の覚え" and (entry.row, len(again.tables)) == wanted[2, 0x6941]
    assert entry.table is again.sites[0] and "entries" not in vars(again)
    for path in cache.iterdir():
        assert not any(word.encode() in path.read_bytes() for word in ("窓口の覚え", "見本", "台帳"))


def test_a_start_that_asks_for_a_grade_reads_no_table(cache, monkeypatch):
    gaiji.load_charset("fujitsu-jef")
    again = gaiji.load_charset("fujitsu-jef")
    monkeypatch.setattr("gaiji.codes.layers.Layers.entries", None)
    assert (again.grade_of(0xC5C4, 2), again.grade_of(0x80A1, 2)) == ("standard", "")


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "longer", "swap", "folder", "link", "writable"])
def test_a_damaged_or_poisoned_cache_changes_no_name(cache, tmp_path, damage):
    """Every way of damage on every file: the same programs come out, and the same text."""
    first = gaiji.load_charset("ibm-939")
    wanted, text, rows = programs(first), first.decode_text(RAW, errors="geta"), rows_of(first)
    other = gaiji.load_charset("fujitsu-jef-ebcdik")
    programs(other)
    files, chance = sorted(cache.iterdir()), random.Random(5)
    before = {path: path.read_bytes() for path in files}
    for at, path in enumerate(files):
        data = before[path]
        if damage == "flip":
            at = chance.randrange(len(data))
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        elif damage == "cut":
            path.write_bytes(data[: chance.randrange(len(data))])
        elif damage == "empty":
            path.write_bytes(b"")
        elif damage == "longer":
            path.write_bytes(data + b"\0")
        elif damage == "swap":
            path.write_bytes(before[files[at - 1]])
        elif damage == "folder":
            path.unlink()
            path.mkdir()
        elif damage == "link":
            path.rename(tmp_path / path.name)
            path.symlink_to(tmp_path / path.name)
        elif damage == "writable":
            path.chmod(0o666)
    for path in files:
        assert store.kept(path.name) is None
    again = gaiji.load_charset("ibm-939")
    assert programs(again) == wanted and again.decode_text(RAW, errors="geta") == text
    assert {key: again.entry_of(key[1], key[0]).row for key in rows} == {
        key: row for key, (row, _) in rows.items()
    }


def test_a_folder_that_others_can_write_is_not_used(cache):
    gaiji.load_charset("ibm-939").program()
    assert kept_files(cache)
    cache.chmod(0o777)
    assert all(store.kept(path.name) is None for path in cache.iterdir())
    shutil.rmtree(cache)
    cache.mkdir(mode=0o777)
    cache.chmod(0o777)
    gaiji.load_charset("ibm-939").program()
    assert not list(cache.iterdir())


def test_what_is_kept_is_private_and_bounded(cache, monkeypatch):
    monkeypatch.setattr(store, "MOST", 5)
    for number in range(9):
        store.keep(store.key_of(str(number)), b"x" * number)
    assert len(list(cache.iterdir())) == 5
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in cache.iterdir()} == {0o600}


@pytest.mark.parametrize("where", ["file", "missing/below/a/file", "read-only"])
def test_where_nothing_can_be_kept_it_works_as_before(tmp_path, monkeypatch, where):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "missing").write_bytes(b"")
    (tmp_path / "read-only").mkdir(mode=0o500)
    monkeypatch.setenv("GAIJI_CACHE", str(tmp_path / where))
    if where == "read-only" and not os.geteuid():
        monkeypatch.setattr("tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(PermissionError()))
    assert gaiji.load_charset("windows-31j").decode_text("田中".encode("cp932")) == "田中"


def site_table(path, glyph, code="6941"):
    path.write_text(f"code\tucs\tglyph\n{code}\t\t{glyph}\n", "utf-8")
    return path


def test_a_changed_site_table_is_another_charset(cache, tmp_path):
    path = site_table(tmp_path / "site.tsv", "MJ026190")
    raw = bytes.fromhex("0e69410f")
    one = gaiji.load_charset("ibm-939", [path]).decode_text(raw)
    two = gaiji.load_charset("ibm-939", [site_table(path, "MJ026191")]).decode_text(raw)
    back = gaiji.load_charset("ibm-939", [site_table(path, "MJ026190")]).decode_text(raw)
    assert one == back != two
    for _ in range(2):  # an error is not kept away
        with pytest.raises(TableError):
            gaiji.load_charset("ibm-939", [site_table(path, "MJ999999")])


def test_a_changed_file_of_private_use_characters_is_another_form(cache, tmp_path):
    file = tmp_path / "pua.tsv"
    found = []
    for point in ("E000", "E001", "E000"):
        file.write_text(f"glyph\tucs\nMJ025760\t{point}\n", "utf-8")
        site = site_table(tmp_path / "site.tsv", "MJ025760")
        charset = gaiji.load_charset("ibm-939", [site])
        found.append(charset.decode_text(bytes.fromhex("0e69410f"), form=f"pua:{file}"))
    assert found == ["\ue000", "\ue001", "\ue000"]


@pytest.mark.parametrize("option", [{"dash": "microsoft"}, {"dash": "source"}, {"pua": "E92E"}])
def test_another_option_is_another_charset(cache, monkeypatch, option):
    plain = programs(gaiji.load_charset("ibm-939"))
    kept = programs(gaiji.load_charset("ibm-939", options=option))
    monkeypatch.setenv("GAIJI_CACHE", "off")
    assert programs(gaiji.load_charset("ibm-939", options=option)) == kept != plain


def test_identities_are_apart():
    """No two charsets share what is kept."""
    loaded = [gaiji.load_charset(name) for name in charset_names()]
    made = [
        Kept(c.spec, c.tables, c.sites, c.options, c.repertoire, unicode=c.kind.unicode).identity
        for c in loaded
    ]
    assert len(set(made)) == len(loaded)


def test_a_charset_from_the_cache_goes_to_another_process(cache):
    gaiji.load_charset("ibm-939").program()
    again = gaiji.load_charset("ibm-939")
    assert pickle.loads(pickle.dumps(again)).decode_text(RAW, errors="geta") == again.decode_text(
        RAW, errors="geta"
    )


def small_job(folder, text="田中太郎"):
    raw = gaiji.load_charset("ibm-939").encode(text).ljust(12, b"\x40")
    (folder / "in.dat").write_bytes(raw * 3)
    (folder / "job.toml").write_text(
        '[source]\npath = "in.dat"\ncharset = "ibm-939"\nformat = "fixed"\nrecord_length = 12\n'
        '[output]\npath = "out.csv"\n[[field]]\nname = "n"\noffset = 0\nlength = 12\nrole = "name"\n',
        "utf-8",
    )
    return folder / "job.toml"


def test_the_proof_does_not_believe_the_cache(cache, tmp_path, monkeypatch):
    """Somebody who can write the folder, and makes the digests right, changes names; verify finds it."""
    job = small_job(tmp_path)
    gaiji.convert(job)
    for path in kept_files(cache):
        body = store.kept(path.name)
        store.keep(path.name, body.replace("田".encode(), "由".encode()))
    gaiji.convert(job)
    assert "由中" in (tmp_path / "out.csv").read_text("utf-8")
    monkeypatch.setattr(KeptRows, "get", None)  # nor the rows that are kept
    assert gaiji.verify(job).exit_code == 1


STARTS = {
    "job": ("main(['convert', 'job.toml'])", {"polars", "sqlalchemy", "numpy", "regex", "tempfile"}),
    "look-up": ("main(['lookup', '辻'])", {"polars", "numpy", "regex", "logging", "concurrent.futures"}),
    "charset": ("gaiji.load_charset('ibm-939')", {"polars", "numpy", "regex", "logging", "click"}),
}
"""What is done, and modules of others that take as long to load as it takes, or nearly."""


@pytest.mark.parametrize("what", STARTS)
def test_a_start_loads_only_what_it_uses(tmp_path, what):
    """The second run, which changes nothing: what it imports, in a process of its own; of the commands, its own."""
    small_job(tmp_path)
    done, heavy = STARTS[what]
    load = "" if what == "charset" else "from gaiji.cli.commands import main"
    code = (
        f"import sys, gaiji\n{load}\ntry:\n {done}\nexcept SystemExit as end:\n assert not end.code\n"
        "print('loaded', *sys.modules)"
    )
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        )
    loaded = set(run.stdout.split("loaded", 1)[1].split())
    assert not loaded & heavy
    rooms = {"gaiji.cli.glyphs"} if what == "look-up" else set()
    assert {f"gaiji.cli.{room}" for room in (*ROOMS, "seats")} & loaded == rooms
    assert (tmp_path / "review.sqlite").exists() == (what == "job")


def test_a_sheet_as_csv_loads_neither_what_draws_nor_what_reads_tables(tmp_path):
    queue = open_queue(tmp_path / "review.sqlite")
    sample = [Sample(1, "1", "氏名", 1, "山【〓】")]
    queue.add("a.dat", [Item("JEF", "80A1", "見本市", "unmapped-gaiji", {("氏名", "name"): 5}, sample)])
    queue.propose("site", {item.id: [Proposal("MJ000010", 0.5, "")] for item in queue.items()}, [1])
    queue.close()
    code = (
        "import sys\nfrom gaiji.cli.commands import main\ntry:\n"
        " main(['review', 'export', '--queue', 'review.sqlite', '--output', 'sheet.csv'])\n"
        "except SystemExit as end:\n assert not end.code\nprint('loaded', *sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split("loaded", 1)[1].split())
    assert not loaded & {"polars", "numpy", "PIL", "xlsxwriter", "openpyxl", "gaiji.shape.pictures"}
    assert "MJ000010" in (tmp_path / "sheet.csv").read_text("utf-8-sig")


def test_every_command_is_found_in_its_room():
    context = click.Context(main)
    for group in (main, main.get_command(context, "review")):
        for name in group.list_commands(context):
            assert group.get_command(context, name).name == name
        for room in {*group.rooms.values()}:
            names = {command.name for command in importlib.import_module(f"gaiji.cli.{room}").COMMANDS}
            assert names == {name for name, one in group.rooms.items() if one == room}
