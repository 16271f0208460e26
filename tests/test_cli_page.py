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
    "3 of 3 records": (
        b"".join("見本花子".encode("cp932").ljust(12) + note.encode("cp932").ljust(12) for note in NOTES),
        [("氏名", 0, 12, "mixed", "name"), ("備考", 12, 12, "mixed", "other")],
    ),
    "4 of 4 records": (
        b"1AAAA" + b"!AAAA" + b"2\x82   " + b"?AAAA",
        [("n", 0, 1, "zoned", "other"), ("t", 1, 4, "mixed", "other")],
    ),
}
"""A 外字 in the notes of three people; two numbers that are none and half a character."""


@pytest.mark.parametrize("first", EXAMPLES)
def test_the_last_lines_of_convert_are_those_of_the_page(tmp_path, first):
    data, fields = EXAMPLES[first]
    length = max(offset + size for _, offset, size, *_ in fields)
    (tmp_path / "in.dat").write_bytes(data)
    text = f'[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = "fixed"\nrecord_length = {length}\n'
    text += '[output]\npath = "out.csv"\n' + "".join(FIELD.format(*field) for field in fields)
    (tmp_path / "job.toml").write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "job.toml")])
    blocks = [block for block in PAGE.read_text("utf-8").split("```\n") if block.startswith(first)]
    assert blocks == [done.output.replace(f"{tmp_path}/", "")] and done.exit_code == 3
