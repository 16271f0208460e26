"""Collects the texts that a person meets: ``docs/errors.tsv``, ``docs/errors.md`` and ``build/gaiji.pot``.

    python tests/make_messages.py [--reword E0123 …]

``docs/errors.tsv`` is the register of the numbers: it only grows, and the text of a number changes only when
``--reword`` names it (better words for the same error; another error takes a new number). ``test_messages`` holds
register, page and code to each other.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import cleandoc
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gaiji"
TEMPLATES = PACKAGE / "review" / "web" / "templates"
REGISTER, PAGE, CATALOGUE = ROOT / "docs/errors.tsv", ROOT / "docs/errors.md", ROOT / "build/gaiji.pot"
COLUMNS = ("number", "kind", "what", "next")
KEYWORDS = {"tr": 0, "mark": 0, "fault": 1, "Key": 2}
"""Function → which of its arguments is a text (``Key``: a key of the job file and what it means)."""
HEAD = """# Errors

Made by `python tests/make_messages.py` from the program itself and `docs/errors.tsv`; a test holds them equal.

Every error is one line on standard error: `gaiji: NUMBER WHERE: WHAT; NEXT`. With `--log-json` it is an event `error` with
`number`, `where`, `what` and `next`. In Python it is a `gaiji.errors.GaijiError` with the same four attributes. A number keeps its
meaning and is never given again; words may change. What stands in braces is filled in.
"""
CHAPTERS = {
    "": "Everywhere", "cli": "The command line", "codes": "Charsets and tables", "columns": "Columns", "database": "Databases",
    "disk": "Files", "layout": "Layouts and copybooks", "names": "Matching and searching", "output": "Outputs",
    "proof": "The proof", "queue": "The review queue", "records": "Records", "reports": "Reports", "review": "Review",
    "run": "Jobs and conversions", "shape": "Shapes and pictures", "shrinking": "Shrinking", "standard": "The repertoire",
    "tables": "Tables that towns bring",
}  # fmt: skip


@dataclass(frozen=True)
class Error:
    """One error as the code gives it: number, class, what happened, what to do next ("" when that is given elsewhere)."""

    number: str
    kind: str
    what: str
    next: str
    chapter: str
    place: str = field(compare=False, default="")


class Source:
    """One module with the ways up from each node."""

    def __init__(self, path: Path) -> None:
        self.path, self.tree = path, ast.parse(path.read_text("utf-8"))
        self.up = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.functions = {n.name: n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)}

    def ways_up(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, the nearest first."""
        while node in self.up:
            node = self.up[node]
            yield node

    def place(self, node: ast.AST) -> str:
        """File and line."""
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def sources() -> list[Source]:
    """Every module of the package."""
    return [Source(path) for path in sorted(PACKAGE.rglob("*.py"))]


def called(node: ast.AST) -> str:
    """The plain name of what is called."""
    func = node.func if isinstance(node, ast.Call) else node
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def text_of(node: ast.Call) -> str | None:
    """The text of a call that is given one; None when it is no literal."""
    at = KEYWORDS[called(node)]
    named = [k.value for k in node.keywords if k.arg == "what" and called(node) == "Key"]
    given = node.args[at] if len(node.args) > at else named[0] if named else None
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def error_classes(modules: list[Source]) -> set[str]:
    """GaijiError and everything below it."""
    classes, grew = {"GaijiError"}, True
    every = [n for m in modules for n in ast.walk(m.tree) if isinstance(n, ast.ClassDef)]
    while grew:
        below = {n.name for n in every if any(called(b) in classes for b in n.bases)}
        grew = not below <= classes
        classes |= below
    return classes


# -- errors ------------------------------------------------------------------------------------------


class Errors:
    """Reads from the code which errors there are."""

    def __init__(self, modules: list[Source]) -> None:
        self.modules = modules
        self.classes = error_classes(modules)
        self.helpers = {(name, m.path): f for m in modules for name, f in m.functions.items()}

    def all(self) -> list[Error]:
        """Every place that gives an error, in the order of the numbers."""
        out = []
        for module in self.modules:
            for node in ast.walk(module.tree):
                if (
                    isinstance(node, ast.Call)
                    and called(node) == "fault"
                    and module.path.name != "messages.py"
                ):
                    out.append(self.error(module, node))
        return sorted(out, key=lambda e: (e.number, e.place))

    def error(self, module: Source, node: ast.Call) -> Error:
        number = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        parts = module.path.relative_to(PACKAGE).parts
        chapter = parts[0] if len(parts) > 1 else ""
        call = self.taker(module, node)
        kind = self.kind(module, call) if call else ""
        following = " / ".join(dict.fromkeys(self.advice(module, call, node))) if call else ""
        return Error(str(number), kind, text_of(node) or "", following, chapter, module.place(node))

    def taker(self, module: Source, node: ast.AST) -> ast.Call | None:
        """The call that makes an error of the text: around it, or of the name that it is given."""
        for around in module.ways_up(node):
            if isinstance(around, ast.Call) and (
                called(around) in self.classes or self.helper(module, around)
            ):
                return around
            if isinstance(around, ast.Call) and called(around) == "__init__":
                return around
            if isinstance(around, (ast.Assign, ast.NamedExpr)):
                target = around.targets[0] if isinstance(around, ast.Assign) else around.target
                return self.of_name(module, around, getattr(target, "id", ""))
        return None

    def of_name(self, module: Source, node: ast.AST, name: str) -> ast.Call | None:
        inside = next(n for n in module.ways_up(node) if isinstance(n, (ast.FunctionDef, ast.Module)))
        for call in ast.walk(inside):
            if isinstance(call, ast.Call) and (called(call) in self.classes or self.helper(module, call)):
                given = [*call.args, *(k.value for k in call.keywords)]
                plain = [g.value if isinstance(g, ast.Subscript) else g for g in given]
                if any(isinstance(g, ast.Name) and g.id == name for g in plain):
                    return call
        return None

    def helper(self, module: Source, call: ast.Call) -> ast.FunctionDef | None:
        """The function of the package that a call goes to, when it makes an error."""
        name = called(call)
        found = self.helpers.get((name, module.path))
        if found is None and isinstance(call.func, ast.Name):
            found = next((f for (n, _), f in self.helpers.items() if n == name), None)
        if found is None and isinstance(call.func, ast.Attribute):  # a method of a class in the same package
            near = ((f, path) for (n, path), f in self.helpers.items() if n == name)
            found = next((f for f, path in near if path.parent == module.path.parent and self.made(f)), None)
        return found if found is not None and self.made(found) else None

    def made(self, function: ast.FunctionDef) -> str:
        """The class of the error that a function makes of what it is given."""
        takes = {a.arg for a in function.args.args if a.annotation and ast.unparse(a.annotation) == "Fault"}
        if not takes:
            return ""
        return next(
            (called(n) for n in ast.walk(function) if isinstance(n, ast.Call) and called(n) in self.classes),
            "",
        )

    def kind(self, module: Source, call: ast.Call) -> str:
        if called(call) in self.classes:
            return called(call)
        if called(call) == "__init__":
            return next((n.name for n in module.ways_up(call) if isinstance(n, ast.ClassDef)), "")
        function = self.helper(module, call)
        return self.made(function) if function else ""

    def advice(self, module: Source, call: ast.Call, skip: ast.AST) -> Iterator[str]:
        """What to do next, as far as the call says it in literal words."""
        given = [k.value for k in call.keywords if k.arg == "next"]
        function = None if called(call) in self.classes else self.helper(module, call)
        if function and not given:
            given = [a for a in call.args if a is not skip]
            given += [
                k.value
                for n in ast.walk(function)
                if isinstance(n, ast.Call)
                for k in n.keywords
                if k.arg == "next"
            ]
        for node in given:
            yield from self.words(module, node, skip, 3)

    def words(self, module: Source, node: ast.AST, skip: ast.AST, depth: int) -> Iterator[str]:
        if isinstance(node, ast.Call) and called(node) in ("tr", "mark"):
            text = text_of(node)
            if text is not None:
                yield text
            elif depth and isinstance(node.args[0], ast.Name):
                yield from self.words(module, node.args[0], skip, depth - 1)
        elif isinstance(node, ast.IfExp):
            yield from self.words(module, node.body, skip, depth)
            yield from self.words(module, node.orelse, skip, depth)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                yield from self.words(module, value, skip, depth)
        elif isinstance(node, ast.Call) and depth and called(node) in module.functions:
            for inner in ast.walk(module.functions[called(node)]):
                if isinstance(inner, ast.Return) and inner.value:
                    yield from self.words(module, inner.value, skip, depth - 1)
        elif isinstance(node, ast.Name) and depth:
            for scope in [n for n in module.ways_up(node) if isinstance(n, (ast.FunctionDef, ast.Module))]:
                values = [
                    n.value for n in ast.walk(scope) if isinstance(n, ast.Assign)
                    and any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)
                ]  # fmt: skip
                for value in values:
                    yield from self.words(module, value, skip, depth - 1)
                if values:
                    return


# -- register and page -------------------------------------------------------------------------------


def register() -> dict[str, tuple[str, str, str]]:
    """Number → (kind, what, next) of every error that there ever was."""
    if not REGISTER.exists():
        return {}
    rows = [line.split("\t") for line in REGISTER.read_text("utf-8").splitlines()[1:]]
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def renewed(
    known: dict[str, tuple[str, str, str]], errors: list[Error], reword: set[str]
) -> dict[str, tuple[str, str, str]]:
    """The register with what the code has; SystemExit for a number whose text became another."""
    out = dict(known)
    for number in {e.number for e in errors}:
        same = [e for e in errors if e.number == number]
        now = " / ".join(dict.fromkeys(e.next for e in same if e.next))
        kinds = " ".join(dict.fromkeys(e.kind for e in same))
        if number in known and known[number][1] != same[0].what and number not in reword:
            raise SystemExit(
                f"{number} was {known[number][1]!r} and is {same[0].what!r}: take a new number, or --reword {number}"
            )
        out[number] = (kinds, same[0].what, now)
    return dict(sorted(out.items()))


def register_text(rows: dict[str, tuple[str, str, str]]) -> str:
    """The register as a file."""
    return "".join("\t".join(line) + "\n" for line in (COLUMNS, *((n, *row) for n, row in rows.items())))


def page(rows: dict[str, tuple[str, str, str]], errors: list[Error]) -> str:
    """The page for people."""
    chapter = {e.number: e.chapter for e in reversed(errors)}
    out = [HEAD]
    for key, title in sorted(CHAPTERS.items(), key=lambda pair: (pair[0] != "", pair[1])):
        numbers = [n for n in rows if chapter.get(n) == key]
        if numbers:
            out.append(f"\n## {title}\n\n| number | kind | what | what next |\n|---|---|---|---|\n")
            out += [f"| {n} | {rows[n][0]} | {cell(rows[n][1])} | {cell(rows[n][2])} |\n" for n in numbers]
    gone = [n for n in rows if n not in chapter]
    if gone:
        out.append("\n## No longer given\n\n| number | what it was |\n|---|---|\n")
        out += [f"| {n} | {cell(rows[n][1])} |\n" for n in gone]
    return "".join(out)


def cell(text: str) -> str:
    """A text in a Markdown table."""
    return re.sub(r"([|<>*_\[\]`])", r"\\\1", text)


# -- every text --------------------------------------------------------------------------------------


def texts(modules: list[Source]) -> Iterator[tuple[str, str]]:
    """(text, place) of everything that a catalogue should have."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and called(node) in KEYWORDS and module.path.name != "messages.py":
                text = text_of(node)
                if text:
                    yield text, module.place(node)
        if "cli" in module.path.parts:
            yield from helps(module)
    yield from template_texts()


def helps(module: Source) -> Iterator[tuple[str, str]]:
    """Help of commands (their docstrings) and options."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and any(
            called(d) in ("command", "group") for d in node.decorator_list
        ):
            text = ast.get_docstring(node)
            if text:
                yield cleandoc(text), module.place(node)
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    yield keyword.value.value, module.place(node)


def template_texts() -> Iterator[tuple[str, str]]:
    """Texts of the review page's templates."""
    from jinja2 import Environment

    for path in sorted(TEMPLATES.glob("*.html")):
        tree = Environment().parse(path.read_text("utf-8"))
        from jinja2 import nodes

        for call in tree.find_all(nodes.Call):
            if (
                isinstance(call.node, nodes.Name)
                and call.node.name == "tr"
                and isinstance(call.args[0], nodes.Const)
            ):
                yield call.args[0].value, f"{path.relative_to(ROOT)}:{call.lineno}"


def catalogue(path: Path, modules: list[Source], *, translate=None) -> None:
    """Write the template of a catalogue (or, with ``translate``, a whole catalogue) as .pot or .mo."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import write_po

    made = Catalog(locale="ja" if translate else None, project="gaiji", charset="utf-8")
    for text, place in texts(modules):
        name, _, line = place.rpartition(":")
        flags = ["python-brace-format"] if re.search(r"\{\w", text) else []
        made.add(text, translate(text) if translate else "", locations=[(name, int(line))], flags=flags)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        (write_mo if path.suffix == ".mo" else write_po)(file, made)


def main() -> None:
    modules = sources()
    errors = Errors(modules).all()
    rows = renewed(register(), errors, set(sys.argv[2:]) if sys.argv[1:2] == ["--reword"] else set())
    REGISTER.write_text(register_text(rows), "utf-8")
    PAGE.write_text(page(rows, errors), "utf-8")
    catalogue(CATALOGUE, modules)
    print(f"{len(rows)} errors, {len(set(dict(texts(modules))))} texts")


if __name__ == "__main__":
    main()
