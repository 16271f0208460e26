"""Every bad input of ``tests/bad-inputs/cases.json`` ends in its one line and exit code, and leaves nothing behind."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from bad_inputs import run

CASES = json.loads((Path(__file__).parent / "bad-inputs" / "cases.json").read_text("utf-8"))


def test_there_are_enough_kinds():
    assert len(CASES) >= 300 and len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_one_clear_line(case):
    files = {
        path: base64.b64decode(text.removeprefix("base64:")) if text.startswith("base64:") else text.encode()
        for path, text in case["files"].items()
    }
    code, lines, made = run(files, case["command"])
    assert (code, lines, made) == (case["exit"], case["says"], case["makes"])
    assert code in (1, 2) and len(lines) == 1 and lines[0].startswith("gaiji: ") and made == []
