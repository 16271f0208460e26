"""Numbers and texts of messages: none without a number, none outside the catalogue; register and page equal to the code."""

from __future__ import annotations

import ast
import copy
import importlib.util
import pickle
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from gaiji.errors import UsageError, messages
from gaiji.errors.messages import fault, mark, tr

ROOT = Path(__file__).parents[1]
JAPANESE = re.compile(r"[\u3041-\u30fa\u3400-\u9fff]")
FACES = ("cli", "proof", "reports", "review")
STORED = {"取り消し", "字形がほぼ確実な文字の一括判定", "%Y年%m月%d日", "游明朝"}
"""Stored with a decision, a form of dates, a font."""
READ_BACK = ("queue/decisions.py", "queue/words.py", "review/sheets/sheet.py")
"""Their tables hold columns and kinds of the sheet that is read back: Japanese in every language."""


def maker():
    spec = importlib.util.spec_from_file_location("make_messages", ROOT / "tests" / "make_messages.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["make_messages"] = module
    spec.loader.exec_module(module)
    return module


make = maker()


@cache
def sources():
    """Every module, read when the first test of this file runs: whoever collects the tests only does not wait for it."""
    return make.sources()


@cache
def errors():
    return make.Errors(sources()).all()


def test_every_error_has_a_number_a_literal_text_and_a_class():
    wrong = [e for e in errors() if not re.fullmatch(r"E\d{4}", e.number) or not e.what or not e.kind]
    assert errors() and wrong == []


def test_no_error_is_made_of_a_plain_text():
    classes = make.error_classes(sources())
    wrong = []
    for module in sources():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and make.called(node) in classes and node.args:
                given = node.args[0]
                plain = isinstance(given, (ast.Constant, ast.JoinedStr, ast.BinOp))
                advice = [
                    k.value
                    for k in node.keywords
                    if k.arg == "next" and isinstance(k.value, (ast.Constant, ast.JoinedStr))
                ]
                words = [
                    a
                    for a in advice
                    if re.search(r"[^\W\d_]{2,}", ast.unparse(a)) and "pip install" not in ast.unparse(a)
                ]
                wrong += [module.place(node)] if plain or words else []
    assert wrong == []


def test_a_number_belongs_to_one_text():
    texts = defaultdict(set)
    for error in errors():
        texts[error.number].add(error.what)
    assert {number: what for number, what in texts.items() if len(what) > 1} == {}


def test_the_register_keeps_its_numbers_and_says_what_the_code_says():
    known = make.register()
    kept = [
        f"E{n:04d}" for n in range(1, 398)
    ]  # later ones are given in blocks, so that branches do not clash
    assert list(known)[: len(kept)] == kept and list(known) == sorted(known)
    assert make.renewed(known, errors(), set()) == known, "run `make messages` and look at what changed"


def test_a_number_given_to_another_text_is_refused():
    known = make.register() | {errors()[0].number: ("GaijiError", "something else", "")}
    with pytest.raises(SystemExit, match=errors()[0].number):
        make.renewed(known, errors(), set())


def test_the_page_is_made_of_register_and_code():
    assert make.PAGE.read_text("utf-8") == make.page(make.register(), errors()), "run `make messages`"


@cache
def read_back():
    """The words of the tables that hold what is read back."""
    return {
        c.value
        for m in sources()
        if m.path.relative_to(make.PACKAGE).as_posix() in READ_BACK
        for n in m.tree.body
        if isinstance(n, (ast.Assign, ast.AnnAssign))
        for c in ast.walk(n)
        if isinstance(c, ast.Constant)
    }


def outside(module) -> list[str]:
    """Japanese literals that are shown and go through no catalogue."""
    out = []
    for node in ast.walk(module.tree):
        if (
            not isinstance(node, ast.Constant)
            or not isinstance(node.value, str)
            or not JAPANESE.search(node.value)
        ):
            continue
        around = list(module.ways_up(node))
        if not any(isinstance(up, ast.FunctionDef) for up in around) or isinstance(around[0], ast.Expr):
            continue
        if any(
            isinstance(up, ast.Call) and make.called(up) in ("tr", "mark", "fault", "option", "argument")
            for up in around
        ):
            continue
        out.append((node.value, module.place(node), around))
    quiet = (ast.Compare, ast.Subscript)
    return [
        f"{place}: {text}" for text, place, around in out
        if text not in read_back() | STORED and not any(isinstance(up, quiet) for up in around[:2])
    ]  # fmt: skip


def test_screens_pages_and_sheets_say_nothing_outside_the_catalogue():
    assert [
        line for m in sources() if m.path.relative_to(make.PACKAGE).parts[0] in FACES for line in outside(m)
    ] == []


def test_templates_and_script_say_nothing_outside_the_catalogue():
    for path in make.TEMPLATES.glob("*.html"):
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", path.read_text("utf-8"), flags=re.S)
        assert not JAPANESE.search(text), path.name
    script = re.sub(r"//.*", "", (make.TEMPLATES.parent / "static" / "review.js").read_text("utf-8"))
    assert set(re.findall(r'"([^"]*)"', script)) & {
        s for s in re.findall(r'"([^"]*)"', script) if JAPANESE.search(s)
    } == {"判読不能", "該当なし"}


def test_templates_name_every_value_that_they_are_given():
    for module in sources():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or make.called(node) not in ("tr", "fault"):
                continue
            given, text = {k.arg for k in node.keywords}, make.text_of(node)
            if given and None not in given and text:
                named = set(re.findall(r"(?<!\{)\{(\w+)", text)) | set(re.findall(r":[^{}]*\{(\w+)\}", text))
                assert named == given, module.place(node)


@pytest.fixture
def bracketed(tmp_path, monkeypatch):
    """A catalogue in which each text is itself between brackets."""

    def bracket(text):
        return f"⟦{text}⟧"

    make.catalogue(tmp_path / "ja/LC_MESSAGES/gaiji.mo", sources(), translate=bracket)
    monkeypatch.setattr(messages, "FOLDER", tmp_path)
    monkeypatch.setenv("LANGUAGE", "ja")
    messages._catalogue.cache_clear()
    yield
    messages._catalogue.cache_clear()


def test_a_catalogue_is_used_for_errors_and_lines(bracketed):
    from gaiji.cli import main

    own = copy.deepcopy(main)  # the help of the commands becomes a translation for good
    done = CliRunner().invoke(own, ["lookup", "nothing:like:this"])
    assert re.match(r"gaiji: E\d{4} ⟦.*⟧; ⟦.*⟧$", done.stderr.strip()), done.stderr


def test_without_a_catalogue_the_text_stands_as_it_is():
    assert tr("{n:,} of {{m}}", n=1000) == "1,000 of {m}"
    assert tr("{m}") == "{m}" and mark("a") == "a" and tr("") == ""


def test_an_error_has_its_number_first_and_a_fault_pickles():
    error = UsageError(fault("E0123", "has no {name!r}", name="x"), where="a.toml", next="write one")
    assert (error.number, str(error)) == ("E0123", "E0123 a.toml: has no 'x'; write one")
    again = pickle.loads(pickle.dumps(error.what))
    assert (again, again.number) == (error.what, "E0123")
