"""The face for programs: names that are what they are called, in any order, cheap, and known to type checkers;
wrong arguments are errors that say what is right."""

from __future__ import annotations

import ast
import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from quick import mostly_slow

import gaiji
from gaiji.errors import ArgumentError, ArgumentTypeError, GaijiError, nearest
from gaiji.model import Glyph, Reason

ROOT = Path(gaiji.__file__).parent
FUNCTIONS = [
    "convert", "verify", "scan", "reverse", "shrink", "unshrink", "explain", "diff_tables", "impact",
    "load_charset", "load_repertoire",
]  # fmt: skip
JEF = gaiji.load_charset("fujitsu-jef-ebcdik")


def fresh(code, *args):
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=300)


# -- names -------------------------------------------------------------------------------------------


def test_no_module_or_package_has_the_name_of_a_public_function():
    places = {path.stem if path.suffix else path.name for path in ROOT.iterdir()}
    assert places.isdisjoint(FUNCTIONS)


ORDERS = """
import sys, importlib, itertools
import gaiji
names = sys.argv[1:]
homes = dict(gaiji._HOMES)
for name in names:
    importlib.import_module(homes[name])  # what another library may have imported before
    assert callable(getattr(gaiji, name)), name
    try:
        getattr(gaiji, name)()
    except TypeError as error:
        assert "not callable" not in str(error), (name, error)
    assert all(callable(getattr(gaiji, other)) for other in homes), name
"""


@pytest.mark.parametrize("turn", mostly_slow(range(len(FUNCTIONS)), [0]))
def test_public_functions_are_functions_in_every_order(turn):
    """Each function first, and each behind every other: the orders are the turns of a ring, and back."""
    ring = FUNCTIONS[turn:] + FUNCTIONS[:turn]
    for order in (ring, ring[:1] + ring[:0:-1]):
        done = fresh(ORDERS, *order)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "order",
    mostly_slow(
        itertools.permutations(("verify", "convert", "scan"), 2), [("verify", "convert"), ("scan", "verify")]
    ),
    ids="-".join,
)
def test_calls_with_a_job_in_every_order(order, tmp_path):
    (tmp_path / "in.dat").write_bytes(JEF.encode("渡邉") + b"\x40" * 4)
    (tmp_path / "job.toml").write_text(
        """[source]
path = "in.dat"
charset = "fujitsu-jef-ebcdik"
format = "fixed"
record_length = 10
[[field]]
name = "name"
offset = 0
length = 10
role = "name"
[output]
path = "out.csv"
""",
        "utf-8",
    )
    gaiji.convert(tmp_path / "job.toml")
    calls = {
        "verify": "gaiji.verify(j)",
        "convert": "gaiji.convert(j)",
        "scan": "gaiji.scan(d, 'fujitsu-jef-ebcdik', format='fixed', record_length=10)",
    }
    code = "import gaiji, sys; j, d = sys.argv[1:]; " + "; ".join(calls[name] for name in order)
    done = fresh(code, str(tmp_path / "job.toml"), str(tmp_path / "in.dat"))
    assert done.returncode == 0, done.stderr


def test_public_names_are_in_dir_and_in_all_and_are_told_to_type_checkers():
    tree = ast.parse((ROOT / "__init__.py").read_text("utf-8"))
    told = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not node.orelse:
            for line in node.body:
                if isinstance(line, ast.ImportFrom):
                    told |= {alias.name: line.module for alias in line.names}
    packages = {name for name, module in told.items() if module == "gaiji"}
    assert {n: m for n, m in told.items() if n not in packages} == gaiji._HOMES
    assert set(gaiji.__all__) == set(told) | {"__version__"}
    assert set(gaiji.__all__) <= set(dir(gaiji))
    for name in gaiji.__all__:
        assert getattr(gaiji, name) is not None
    with pytest.raises(AttributeError, match="load_charsets"):
        _ = gaiji.load_charsets


def test_importing_gaiji_costs_nothing():
    code = "import sys; before = set(sys.modules); import gaiji; dir(gaiji); print(*sorted(set(sys.modules) - before))"
    done = fresh(code)
    loaded = set(done.stdout.split())
    assert "gaiji" in loaded
    assert not {name for name in loaded if name.startswith("gaiji.")}
    assert not loaded & {"polars", "sqlalchemy", "rapidfuzz", "regex", "click", "numpy"}


CLIENT = """
import gaiji
from gaiji.errors import GaijiError

cs: gaiji.Charset = gaiji.load_charset("fujitsu-jef", site=["city.tsv"])
out: gaiji.Decoded = cs.decode(b"", role="name")
text: str = out.text + cs.decode_text(b"")
names: tuple[str | None, ...] = out.glyphs
raw: bytes = cs.encode("辻")
manifest: gaiji.Manifest = gaiji.convert("job.toml")
glyph: gaiji.Glyph = gaiji.load_repertoire()["MJ026190"]
try:
    gaiji.verify("job.toml")
except (gaiji.GaijiError, GaijiError) as error:
    print(error.what, error.next)
column: gaiji.DecodedColumn = cs.decode_many([b""])
"""
MISSPELT = {
    "a function": "gaiji.load_charsets('x')",
    "a method": "cs.decodes(b'')",
    "an argument": "cs.decode(b'', rôle='name')",
    "a type": "cs.decode('text')",
    "an attribute": "out.texts",
    "a class": "x: gaiji.Charsets",
    "a result": "number: int = cs.encode('x')",
}


def mypy(path):
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(path)]
    # An editable install is found by an import hook, which type checkers do not run.
    path.with_name("mypy.ini").write_text(
        f"[mypy]\nmypy_path = {ROOT.parent}\n[mypy-gaiji.*]\nfollow_imports = silent\n", "utf-8"
    )
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent, timeout=600)


def pyright(path):
    found = shutil.which("pyright", path=str(Path(sys.executable).parent)) or shutil.which("pyright")
    if found is None:
        pytest.skip("pyright is not installed (pip install 'pyright[nodejs]')")
    path.with_name("pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT.parent)]}), "utf-8")
    command = [found, "--pythonpath", sys.executable, str(path)]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent, timeout=600)


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_type_checkers_take_a_client_and_refuse_misspellings(checker, tmp_path):
    path = tmp_path / "client.py"
    path.write_text(CLIENT, "utf-8")
    done = checker(path)
    assert done.returncode == 0, done.stdout
    lines = list(MISSPELT.values())
    path.write_text(CLIENT + "\n".join(lines) + "\n", "utf-8")
    said = checker(path).stdout
    first = CLIENT.count("\n") + 1
    for number, (what, line) in enumerate(MISSPELT.items(), first):
        assert f"client.py:{number}:" in said, f"{what} went through: {line}\n{said}"


# -- arguments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "argument", "says"),
    [
        (lambda: JEF.decode(b"", role="Name"), "role", "did you mean 'name'"),
        (lambda: JEF.decode(b"", role=None), "role", "not str"),
        (lambda: JEF.decode(b"", form="allways"), "form", "did you mean 'always'"),
        (lambda: JEF.decode(b"", type="dbc"), "type", "did you mean 'dbcs'"),
        (lambda: JEF.decode(b"", errors="bogus"), "errors", "'findings', 'strict'"),
        (lambda: JEF.decode(b"", policy={"unmapped-gaji": "tag"}), "policy", "'unmapped-gaiji'"),
        (lambda: JEF.decode(b"", policy={Reason.ILLEGAL: "tags"}), "policy", "did you mean 'tag'"),
        (lambda: JEF.decode("text"), "data", "not bytes"),
        (lambda: JEF.decode_text("text"), "data", "not bytes"),
        (lambda: JEF.decode_text(b"", role="Name"), "role", "did you mean 'name'"),
        (lambda: JEF.decode_text(b"", errors="ignore"), "errors", "'strict', 'geta'"),
        (lambda: JEF.decode_many([b""], errors="ignore"), "errors", "strict"),
        (lambda: JEF.decode_many(["text"]), "values", "column"),
        (lambda: JEF.decode_many(b"one"), "values", "no column"),
        (lambda: JEF.encode("", errors="bogus"), "errors", "strict"),
        (lambda: JEF.encode(b""), "text", "not str"),
        (lambda: JEF.encode("", type="dbsc"), "type", "did you mean 'dbcs'"),
        (lambda: JEF.encode_many([1]), "values", "column"),
        (lambda: JEF.encode_glyphs([None]), "text", "0 characters for 1 glyphs"),
        (lambda: JEF.encode_glyphs([None, "MJ025761"], "辻"), "text", "1 characters for 2"),
        (lambda: JEF.encode_glyphs([1], "辻"), "glyphs", "str or None"),
        (lambda: JEF.encode_glyphs("MJ025761"), "glyphs", "str or None"),
        (lambda: JEF.encode_glyphs(["MJ025761"], errors="x"), "errors", "strict"),
        (lambda: gaiji.load_charset("fujitsu-jef", "city.tsv"), "site", "a list of paths"),
        (lambda: gaiji.load_charset("fujitsu-jef", Path("city.tsv")), "site", "a list of paths"),
        (lambda: gaiji.load_charset(None), "name", "not str"),
        (lambda: gaiji.load_charset("fujitsu-jef", options={"dash": None}), "options", "write a str"),
        (lambda: Glyph("MJ1", "辻", "辻").form("Needed"), "ivs", "did you mean 'needed'"),
        (lambda: gaiji.shrink(7), "text", "no column"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_errors_that_say_what_is_right(call, argument, says):
    with pytest.raises(ArgumentError) as error:
        call()
    assert error.value.argument == argument
    assert says in str(error.value) and "\n" not in str(error.value)


def test_wrong_types_are_type_errors_and_wrong_values_value_errors():
    with pytest.raises(TypeError):
        JEF.decode_text("text")
    with pytest.raises(ValueError):
        JEF.decode(b"", role="Name")
    assert issubclass(ArgumentTypeError, GaijiError)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Reason.from_label("unmaped-gaiji"), "did you mean 'unmapped-gaiji'"),
        (lambda: gaiji.load_repertoire()["MJ99999"], "MJ"),
        (lambda: gaiji.load_repertoire()["辻"], "names look like"),
        (lambda: JEF.entry("zz"), "is not a code"),
    ],
)
def test_lookups_fail_with_errors_of_the_toolkit(call, says):
    with pytest.raises(GaijiError, match=says):
        call()


def test_one_function_says_did_you_mean():
    assert nearest("fujitsu-jeff", ["fujitsu-jef", "ibm-939"]) == "did you mean 'fujitsu-jef'?"
    assert nearest("NAME", ["name", "kana"]) == "did you mean 'name'?"
    assert nearest("xyz", ["name", "kana"], "look in the manual") == "look in the manual"
    assert nearest("xyz", ["name", "kana"]) == "use one of: name, kana"
    with_own = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if "did you mean" in path.read_text("utf-8") and path.parent.name != "errors"
    }
    assert with_own == set()


def test_the_already_lost_check_cannot_be_switched_off_by_a_capital():
    assert JEF.decode(JEF.encode("◎")).findings
    with pytest.raises(ArgumentError):
        JEF.decode(JEF.encode("◎"), role="Name")


def test_the_example_of_the_library_page_holds():
    page = (Path(__file__).parents[1] / "docs" / "library.md").read_text("utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    assert code.count("assert") >= 6
    exec(compile(code, "docs/library.md", "exec"), {})


def test_the_library_page_names_every_public_name():
    page = (Path(__file__).parents[1] / "docs" / "library.md").read_text("utf-8")
    told = set(gaiji.__all__) - {
        "__version__",
        "Repertoire",
        "Charset",
        "codes",
        "shape",
        "layout",
        "names",
        "errors",
    }
    assert [name for name in sorted(told) if f"`{name}" not in page] == []
