"""What is flagged in any field is told: the exit code, the last lines of convert, the manifest, the queue."""

from __future__ import annotations

import json
import sqlite3

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli.commands import main
from gaiji.errors import JobError

CSV = (
    b"\x8e\x81\x96\xbc,\x94\xf5\x8dl\r\n" + b"\x8eR\x93c,\x91\xbe\xf0@\r\n" * 2 + b"\x8eR\x93c,\xf0@\xf0A\r\n"
)
"""氏名, 備考: a 外字 in the notes of three people, another in those of the last."""


def job_of(path, more="", data=CSV, charset="windows-31j-jis90", source='format = "csv"'):
    (path / "in.dat").write_bytes(data)
    (path / "job.toml").write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\n{source}\n[output]\npath = "out.csv"\n{more}',
        "utf-8",
    )
    return path / "job.toml"


def run(job):
    done = CliRunner().invoke(main, ["convert", str(job)])
    return done.exit_code, done.output.splitlines()


def queued(path):
    with sqlite3.connect(path / "review.sqlite") as queue:
        return sorted(row[0] for row in queue.execute("SELECT code FROM item"))


def test_gaiji_in_notes_are_told_and_wait(tmp_path):
    code, lines = run(job_of(tmp_path))
    assert code == 3
    assert lines[0] == f"3 of 3 records written to {tmp_path / 'out.csv'}"
    assert (
        lines[1]
        == "unmapped-gaiji: 4 in 3 records, 1 fields: 備考 (4); first in record 1, field 備考, byte 18"
    )
    assert lines[2].startswith("2 codes wait for review in ")
    assert queued(tmp_path) == ["F040", "F041"]
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text("utf-8"))
    assert manifest["flagged"] == {
        "unmapped-gaiji": {
            "units": 4,
            "records": 3,
            "fields": {"備考": 4},
            "first": {"record": 1, "field": "備考", "offset": 18},
        }
    }
    assert CSV[18:20] == b"\xf0@"


def test_roles_narrow_the_queue_and_nothing_else(tmp_path):
    code, lines = run(job_of(tmp_path, '[review]\nroles = ["name", "kana", "address"]\n'))
    assert code == 3
    assert lines[1].startswith("unmapped-gaiji: 4 in 3 records")
    assert lines[2].startswith("0 codes wait for review in ")
    assert queued(tmp_path) == []


def test_a_role_that_there_is_not(tmp_path):
    with pytest.raises(JobError, match=r"review\.roles"):
        gaiji.convert(job_of(tmp_path, '[review]\nroles = ["names"]\n'))


FIXED = '[[field]]\nname = "n"\noffset = 0\nlength = 2\ntype = "zoned"\n[[field]]\nname = "t"\noffset = 2\nlength = 2\n'


def test_a_bad_number_and_half_a_character_are_told_but_are_no_items(tmp_path):
    job = job_of(
        tmp_path,
        FIXED,
        b"12AB" + b"1!AB" + b"1?A\x81" + b"34CD",
        source='format = "fixed"\nrecord_length = 4',
    )
    code, lines = run(job)
    assert code == 3
    assert lines[1:3] == [
        "broken-shift: 1 in 1 records, 1 fields: t (1); first in record 3, field t, byte 11",
        "bad-number: 2 in 2 records, 1 fields: n (2); first in record 2, field n, byte 5",
    ]
    assert lines[3].startswith("0 codes wait")


def test_nothing_flagged_is_exit_0(tmp_path):
    code, lines = run(job_of(tmp_path, data=b"a,b\r\n1,2\r\n"))
    assert code == 0
    assert len(lines) == 3  # written, waiting, manifest


def test_what_was_told_survives_a_checkpoint():
    from gaiji.columns.findings import Place
    from gaiji.model import Field, Reason
    from gaiji.run.totals import Totals

    fields = [Field("a", column=0)]
    totals = Totals(fields, 5)
    totals.reasons[Reason.ILLEGAL] = (2, Place(3, "a", 40))
    again = Totals(fields, 5)
    again.go_on(json.loads(json.dumps(totals.state())))
    assert again.reasons == totals.reasons
