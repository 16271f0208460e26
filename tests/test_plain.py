"""``gaiji.model.plain``: each class is what the standard library would make of it."""

from __future__ import annotations

import ast
import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import sys
import types
from dataclasses import field
from pathlib import Path

import pytest

import gaiji
from gaiji.model import plain

PACKAGE = Path(gaiji.__file__).parent
OPTIONS = [{"frozen": frozen, "slots": slots} for frozen in (False, True) for slots in (False, True)]


def body():
    class Thing:
        """A thing."""

        name: str
        size: int = 3
        parts: list = field(default_factory=list)
        path: str = field(default="", compare=False)
        secret: str = field(default="x", repr=False)
        weight: dict = field(default_factory=dict, hash=False)
        made: list = field(init=False, default_factory=list, compare=False)
        count: int = field(init=False, default=7)

        def double(self):
            return self.size * 2

    return Thing


def after():
    class After:
        """One that looks at itself."""

        size: int
        twice: int = field(init=False)

        def __post_init__(self):
            object.__setattr__(self, "twice", 2 * self.size)

    return After


def own():
    class Own:
        """One with methods of its own."""

        put: int = 1
        unset: int = 2
        of_put: list = field(default_factory=list)

        def __repr__(self):
            return "own"

        def __hash__(self):
            return 5

    return Own


def single():
    class Single:
        """One field."""

        only: float

    return Single


def empty():
    class Empty:
        """No field."""

    return Empty


GIVEN = {
    body: [
        (("辻",), {}),
        (("辻", 4, (1,)), {}),
        (("辻",), {"weight": {1: 2}, "secret": "y"}),
        (("辻", 3, (1,), "elsewhere"), {}),
        ((), {}),
        (("a", 1, 2, 3, 4, 5, 6), {}),
        (("a",), {"name": "b"}),
        (("a",), {"count": 1}),
        (("a",), {"other": 1}),
    ],
    after: [((1,), {}), ((2,), {}), ((), {}), ((1, 2), {})],
    own: [((), {}), ((1, 2, 3), {}), ((), {"unset": 4})],
    single: [((float("nan"),), {}), ((1.0,), {}), ((1.0,), {})],
    empty: [((), {}), ((1,), {})],
}


def tried(call):
    """What a call gives, or its error."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__, str(error)


def told(cls, given):
    """What can be seen of a class and its objects."""
    made = [tried(lambda a=a, k=k: cls(*a, **k)) for a, k in given]
    objects = [one for one in made if isinstance(one, cls)]
    yield from (one for one in made if not isinstance(one, cls))
    for one in objects:
        yield (
            repr(one),
            tried(lambda one=one: hash(one)),
            one == one,
            [one == other for other in objects],
            one == 1,
        )
        yield dataclasses.asdict(one), copy.copy(one) == one, copy.deepcopy(one) is one
        strange = [] if "__setstate__" in vars(cls) else ["strange"]  # 3.11 fails at it in its own way
        for name in [*cls.__annotations__, *strange]:
            yield tried(lambda one=one, name=name: setattr(copy.copy(one), name, 1))
            yield tried(lambda one=one, name=name: delattr(copy.copy(one), name))
        for name in cls.__annotations__:
            yield tried(lambda one=one, name=name: repr(dataclasses.replace(one, **{name: 1})))
    yield cls.__match_args__, getattr(cls, "__slots__", None), cls.__hash__ is None
    yield str(inspect.signature(cls)) if objects else None


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("make", GIVEN, ids=lambda make: make.__name__)
def test_a_class_is_what_the_standard_library_makes_of_it(make, options):
    ours, standard = (way(make(), **options) for way in (runtime, dataclasses.dataclass))
    assert list(told(ours, GIVEN[make])) == list(told(standard, GIVEN[make]))


def runtime(cls, **options):
    return plain.dataclass(**options)(cls)


def test_without_options_it_is_a_decorator_itself():
    assert repr(plain.dataclass(single())(1.0)) == "single.<locals>.Single(only=1.0)"
    with pytest.raises(TypeError):
        plain.dataclass(order=True)


def test_what_holds_itself_is_shown():
    one = plain.dataclass(single())([])
    one.only.append(one)
    assert repr(one) == "single.<locals>.Single(only=[...])"


@pytest.mark.parametrize("slots", [False, True])
def test_a_frozen_object_goes_to_another_process(slots, monkeypatch):
    made = runtime(body(), frozen=True, slots=slots)
    monkeypatch.setattr(sys.modules[__name__], "Thing", made, raising=False)
    made.__qualname__ = "Thing"
    one = made("辻", 4, weight={1: 2})
    assert pickle.loads(pickle.dumps(one)) == one


def every_class():
    """The dataclasses of the package, but for modules of an extra that is not here."""
    for info in pkgutil.walk_packages([str(PACKAGE)], "gaiji."):
        if "spark" not in info.name and not info.name.endswith("__main__"):
            try:
                module = importlib.import_module(info.name)
            except ModuleNotFoundError as error:
                if (error.name or "gaiji").startswith("gaiji."):
                    raise
                continue
            for one in vars(module).values():
                if isinstance(one, type) and one.__module__ == info.name and dataclasses.is_dataclass(one):
                    yield one


def test_every_class_of_the_package_takes_what_the_standard_library_would_take():
    """The parameters of each, from the same fields, whether it was used before or not."""
    classes = list(every_class())
    assert len(classes) > 200
    for one in classes:
        fields = {part.name: part for part in dataclasses.fields(one)}
        spaces = {"__annotations__": {name: part.type for name, part in fields.items()}, **fields}
        twin = dataclasses.dataclass(
            types.new_class(one.__name__, exec_body=lambda ns, s=spaces: ns.update(s))
        )
        frozen = one.__setattr__ is not object.__setattr__
        init = plain._initialiser(one, frozen)
        ours, theirs = (list(inspect.signature(way).parameters.values()) for way in (init, twin.__init__))
        assert [(p.name, p.kind, p.default is p.empty) for p in ours] == [
            (p.name, p.kind, p.default is p.empty) for p in theirs
        ]


def test_what_a_job_loads_takes_this_one():
    """But for ``disk``, which lies below it, and a class that is ordered."""
    rooms = ("codes", "columns", "disk", "layout", "model", "output", "proof", "queue", "records", "run")
    others = set()
    for path in (path for room in rooms for path in (PACKAGE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            taken = {name.name for name in node.names} if isinstance(node, ast.ImportFrom) else ()
            if "dataclass" in taken and node.module == "dataclasses":
                others.add(path.relative_to(PACKAGE).as_posix())
    assert {"disk/apart.py", "disk/files.py", "model/plain.py"} <= others and len(others) < 12, others
