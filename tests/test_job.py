"""The job file: every wrong key is named with its fix; the page in docs is the code's own list."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from gaiji.errors import JobError
from gaiji.model import Reason
from gaiji.run.job import KEYS, make_job
from gaiji.run.template import template

GOOD = {
    "source": {
        "path": "a.dat",
        "charset": "ibm-939",
        "format": "fixed",
        "record_length": 10,
        "layout": "a.cpy",
    },
    "output": {"path": "a.csv"},
}


def job(**changes):
    return {name: GOOD.get(name, {}) | changes.get(name, {}) for name in {*GOOD, *changes}}


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"source": {"chraset": "x"}}, "source.chraset", "'charset'"),
        ({"source": {"format": "fixd"}}, "source.format", "'fixed'"),
        ({"source": {"record_length": "10"}}, "source.record_length", "a whole number"),
        ({"source": {"record_length": True}}, "source.record_length", "a whole number"),
        ({"source": {"record_length": -1}}, "source.record_length", "negative"),
        ({"source": {"tables": [1]}}, "source.tables", "list of strings"),
        ({"source": {"delimiter": "，"}}, "source.delimiter", "ASCII"),
        ({"source": {"layout": ""}}, "source.layout", "[[field]]"),
        ({"output": {"path": "a.xls"}}, "output.path", ".parquet"),
        ({"policy": {"unmaped-gaiji": "geta"}}, "policy.unmaped-gaiji", "'unmapped-gaiji'"),
        ({"policy": {"illegal": "drop"}}, "policy.illegal", "'drop-record'"),
        ({"sauce": {}}, "sauce", "'source'"),
    ],
)
def test_wrong_jobs(changes, key, says):
    with pytest.raises(JobError) as error:
        make_job(job(**changes))
    assert error.value.key == key
    assert says in str(error.value)


@pytest.mark.parametrize("key", ["path", "charset", "format"])
def test_required_keys(key):
    data = {"source": {k: v for k, v in GOOD["source"].items() if k != key}, "output": GOOD["output"]}
    with pytest.raises(JobError, match=f"source.{key}"):
        make_job(data)


def test_every_reason_has_a_policy_key():
    """But for one-source, whose text is always kept: [review] one-source says whether it is a finding."""
    assert set(KEYS["policy"]) == {reason.label for reason in Reason if not reason.of_place} - {"one-source"}


def test_overrides_and_digest():
    plain, other = make_job(GOOD), make_job(GOOD, overrides={"target.form": "always"})
    assert other.target["form"] == "always"
    assert plain.digest != other.digest
    with pytest.raises(JobError, match="target"):
        make_job(GOOD, overrides={"traget.form": "always"})


def test_the_template_is_a_job(tmp_path):
    import tomllib

    text = template(
        path="a.dat", charset="ibm-939", format="vb", layout="a.cpy", record_length=0, output="out/a.csv"
    )
    assert make_job(tomllib.loads(text)).source["format"] == "vb"


def test_docs_are_the_keys():
    root = Path(__file__).parents[1]
    spec = importlib.util.spec_from_file_location("make_job_docs", root / "tests" / "make_job_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (root / "docs" / "job-file.md").read_text("utf-8") == module.document()
