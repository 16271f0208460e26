"""What the package says of itself: its licences are those of the data it ships, its minima those that were tried."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def shipped_licences() -> set[str]:
    """The SPDX ids of the last column of mappings/LICENSES.md; a row without one says why in words."""
    rows = [
        line.strip("|").split("|")
        for line in (ROOT / "mappings" / "LICENSES.md").read_text("utf-8").splitlines()
        if line.startswith("|")
    ][2:]
    assert all(len(row) == 4 for row in rows)
    found = {row[3].strip() for row in rows}
    return {one for one in found if not one.startswith("none: ")}


def test_the_licence_names_the_programs_and_the_data():
    assert set(PROJECT["license"].split(" AND ")) == {"Apache-2.0"} | shipped_licences()


def test_every_licence_of_the_data_is_a_spdx_id():
    licenses = pytest.importorskip(
        "packaging.licenses", reason="packaging before 24.2 does not know SPDX licences"
    )
    for one in {"Apache-2.0"} | shipped_licences():
        assert licenses.canonicalize_license_expression(one) == one


def test_every_requirement_has_a_least_version():
    """Without one the oldest packages could not be tried (.ci/minima)."""
    extras = PROJECT["optional-dependencies"]
    for requirement in [*PROJECT["dependencies"], *(r for group in extras.values() for r in group)]:
        assert re.search(r"[>=]=\d", requirement), requirement


def test_extras_and_what_tests_use_have_the_same_minima():
    least = {}
    for group in (
        PROJECT["dependencies"],
        *(PROJECT["optional-dependencies"][e] for e in ("xlsx", "images", "web", "fonts", "dev")),
    ):
        for requirement in group:
            name, _, version = requirement.partition(";")[0].partition(">=")
            assert least.setdefault(name, version) == version, requirement
