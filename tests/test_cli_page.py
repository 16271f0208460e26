"""What docs/cli.md shows of ``convert`` is what it prints: the examples run here."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
FIELD = '[[field]]\nname = "{}"\noffset = {}\nlength = {}\ntype = "{}"\nrole = "{}"\n'
NOTES = ("様様様\ue000", "済\ue001", "\ue000\ue000")
EXAMPLES = {
    "findings": (
        b"".join("見本花子".encode("cp932").ljust(12) + note.encode("cp932").ljust(12) for note in NOTES),
        [("氏名", 0, 12, "mixed", "name"), ("備考", 12, 12, "mixed", "other")],
    ),
    "cells": (
        b"1AAAA" + b"!AAAA" + b"2\x82   " + b"?AAAA",
        [("n", 0, 1, "zoned", "other"), ("t", 1, 4, "mixed", "other")],
    ),
    "bytes": (b"ABrest 1\nAB  \nA\n", [("t", 0, 1, "mixed", "other"), ("u", 1, 1, "mixed", "other")]),
}
"""A 外字 in the notes of three people; two numbers that are none and half a character; lines of other lengths."""


def test_every_example_of_the_page_is_run():
    blocks = [block for block in PAGE.read_text("utf-8").split("```\n") if "records written to" in block]
    assert len(blocks) == len(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_last_lines_of_convert_are_those_of_the_page(tmp_path, example):
    data, fields = EXAMPLES[example]
    length = max(offset + size for _, offset, size, *_ in fields)
    (tmp_path / "in.dat").write_bytes(data)
    form = f'"fixed"\nrecord_length = {length}' if example != "bytes" else '"lines"'
    text = f'[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = {form}\n'
    text += '[output]\npath = "out.csv"\n' + "".join(FIELD.format(*field) for field in fields)
    (tmp_path / "job.toml").write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "job.toml")])
    assert done.output.replace(f"{tmp_path}/", "") in PAGE.read_text("utf-8").split("```\n"), done.output
    assert done.exit_code == 3
