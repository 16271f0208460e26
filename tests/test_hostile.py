"""Inputs made to hurt: one line and an exit code, or a quick answer; never a traceback."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.disk.toml import NotToml, parse_toml

BAD = {
    "deep lists": "x=" + "[" * 20_000,
    "deep tables": "x=" + "{a=" * 20_000,
    "deep keys": "[" + "a." * 20_000 + "b]\n" + "a." * 20_000 + "c=1",
    "digits": "x=" + "9" * 6_000,
    "no end": 'x="',
    "not UTF-8": b'x="\xff"',
    "UTF-16": "x=1".encode("utf-16"),
    "NUL": "x=\0",
    "a date that is none": "x=2026-02-30",
}
READERS = {
    "job": ["convert", "{}"],
    "layout": ["scan", "dump.dat", "--charset", "fujitsu-jef", "--layout", "{}"],
    "shrink policy": ["shrink", "a.csv", "b.csv", "--side", "s.tsv", "--policy", "{}"],
    "database job": ["db", "convert", "{}"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dump.dat").write_bytes(b"\xb0\xa1" * 10)
    (tmp_path / "a.csv").write_text("id,name\n1,a\n", "utf-8")
    (tmp_path / "x.csv").write_bytes(b"n,k\r\na,b\r\n")
    return tmp_path


def refused(*arguments):
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code in (1, 2) and isinstance(done.exception, SystemExit), (arguments, done.exception)
    assert done.output.count("\n") == 1 and len(done.output) < 600, done.output[:1000]
    return done.output


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("bad", BAD)
def test_toml_that_is_none(folder, reader, bad):
    text = BAD[bad]
    (folder / "bad.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert "bad.toml" in refused(*(argument.format("bad.toml") for argument in READERS[reader]))


def test_what_toml_is_none_is_said():
    for text, why in (
        ("x=" + "[" * 20_000, "deeply"),
        ("x=" + "9" * 6_000, "digits"),
        ("a." * 101 + "b=1", "parts"),
        ("[" + "'a' . " * 20_000 + "b]", "parts"),
        (b"\xff", "byte 0"),
    ):
        with pytest.raises(NotToml, match=why):
            parse_toml(text)
    assert parse_toml(b"\xef\xbb\xbfx=1") == {"x": 1}


JOB = """[source]
path = "x.csv"
charset = "windows-31j"
format = "csv"
{source}
[output]
path = "o/x.csv"
{more}
"""
VALUES = [
    ("record_length = 1" + "0" * 300, ""),
    ("record_length = 2147483648", ""),
    ("", "[review]\nsamples = 1" + "0" * 30),
    ('layout = "a\\u0000b"', ""),
    ('tables = ["a\\u0000b"]', ""),
    ('roles = { "a\\u0000" = "name" }', ""),
    ("", '[review]\nqueue = "a\\u0000b"'),
    ("", '[review]\nsite = "a\\u0000b"'),
]


@pytest.mark.parametrize(("source", "more"), VALUES)
def test_values_that_no_run_can_have(folder, source, more):
    (folder / "j.toml").write_text(JOB.format(source=source, more=more), "utf-8")
    assert "j.toml key " in refused("convert", "j.toml")


def test_settings_that_are_no_toml_are_strings(folder):
    (folder / "j.toml").write_text(JOB.format(source="", more=""), "utf-8")
    for value in ("[" * 20_000, "9" * 6_000):
        assert "must be a whole number" in refused(
            "convert", "j.toml", "--set", f"source.record_length={value}"
        )


@pytest.mark.parametrize("output", ["o/x.csv", "o/x.tsv", "o/x.parquet", "o/x.dat"])
def test_a_field_that_has_the_name_of_a_glyph_column_is_an_error_before_the_run(folder, output):
    (folder / "x.csv").write_bytes(b"n,n.glyphs\r\na,b\r\n")
    text = JOB.format(source='roles = { n = "name" }', more="[target]\nglyph_columns = true").replace(
        "o/x.csv", output
    )
    (folder / "j.toml").write_text(text, "utf-8")
    assert "two columns would have the name 'n.glyphs'" in refused("convert", "j.toml")
    assert not (folder / "o").exists()


def test_a_number_that_no_queue_has_is_not_found(tmp_path):
    pytest.importorskip("flask")
    from gaiji.queue.decisions import Decisions
    from gaiji.queue.queue import open_queue
    from gaiji.review.web.app import create_app
    from gaiji.shape.pictures import Gallery

    queue = open_queue(tmp_path / "q.sqlite")
    app = create_app(Decisions(queue), Gallery([]), "t", idle=60)
    queue.close()
    rules = [rule.rule for rule in app.url_map.iter_rules() if "item_id" in rule.rule]
    assert len(rules) >= 4
    adapter = app.url_map.bind("127.0.0.1")
    for path in ("/item/{}", "/picture/{}/56.png", "/overlay/{}/MJ000001.png"):
        assert adapter.test(path.format(2**31 - 1), "GET")
        assert not adapter.test(path.format("9" * 20), "GET")
