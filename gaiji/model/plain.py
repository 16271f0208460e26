"""``dataclass`` as the standard library has it, for a program that starts often.

The standard library writes up to six functions for each class and compiles them while its module is
imported: with a hundred classes a quarter of what a small job takes. Here ``__init__`` is compiled when the
first object is made, and the other methods are one code for all classes. Fields, ``replace``, ``asdict`` and
pickles are the standard library's. Not for fields that are keyword-only or for ``__init__`` alone
(``InitVar``), and dataclasses are not derived from each other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False):
        """A class of plain data; ``frozen`` and ``slots`` as in ``dataclasses.dataclass``."""
        made = partial(_made, frozen=frozen, slots=slots)
        return made if cls is None else made(cls)


_put = object.__setattr__


class _Unset:
    """What a field with a factory has until it is made."""

    def __repr__(self) -> str:
        return "<factory>"


_UNSET = _Unset()


def _made(cls: type, *, frozen: bool, slots: bool) -> Any:
    own = set(vars(cls))
    made: Any = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=slots)
    methods = {"__init__": _begun(made, frozen), "__repr__": _shown, **_compared(made, frozen)}
    if frozen:
        methods |= _closed(made)
    if frozen and slots:
        methods |= {"__getstate__": _state, "__setstate__": _restore}
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _begun(made: type, frozen: bool) -> Callable[..., None]:
    """An ``__init__`` that compiles the class's own when it is first called."""

    def __init__(self: object, *values: object, **named: object) -> None:
        init = _initialiser(made, frozen)
        made.__init__ = init  # type: ignore[misc]
        init(self, *values, **named)

    return __init__


def _initialiser(made: Any, frozen: bool) -> Callable[..., None]:
    scope: dict[str, Any] = {"__put__": _put, "__unset__": _UNSET}
    arguments, lines = ["self"], ["pass"]
    for field in dataclasses.fields(made):
        name, of = field.name, f"__of_{field.name}__"
        if field.default_factory is not dataclasses.MISSING:
            scope[of] = field.default_factory
            default, value = "=__unset__", f"{of}() if {name} is __unset__ else {name}"
            without = f"{of}()"
        elif field.default is not dataclasses.MISSING:
            scope[of] = field.default
            default, value, without = f"={of}", name, of if "__slots__" in vars(made) else ""
        else:
            default, value, without = "", name, ""
        arguments += [name + default] if field.init else []
        if value := value if field.init else without:
            lines.append(f"__put__(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    lines += ["self.__post_init__()"] if hasattr(made, "__post_init__") else []
    exec(f"def __init__({', '.join(arguments)}):\n " + "\n ".join(lines), scope)
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__annotations__ = {one.name: one.type for one in dataclasses.fields(made) if one.init}
    init.__annotations__["return"] = None
    return init


@recursive_repr()
def _shown(self: Any) -> str:
    parts = [f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr]
    return f"{type(self).__qualname__}({', '.join(parts)})"


def _compared(made: Any, frozen: bool) -> dict[str, Any]:
    """``__eq__`` by the fields that are compared, and ``__hash__``: by those that are hashed, or none."""
    fields = dataclasses.fields(made)
    compared = _values([one.name for one in fields if one.compare])
    hashed = _values([one.name for one in fields if (one.compare if one.hash is None else one.hash)])

    def __eq__(self: object, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:
        return hash(hashed(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


def _values(names: list[str]) -> Callable[[object], tuple[Any, ...]]:
    """What makes a tuple of an object's attributes."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _closed(made: Any) -> dict[str, Any]:
    """What keeps a frozen object as it is."""
    names = frozenset(one.name for one in dataclasses.fields(made))

    def __setattr__(self: object, name: str, value: object) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def __delattr__(self: object, name: str) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    return {"__setattr__": __setattr__, "__delattr__": __delattr__}


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        _put(self, one.name, value)
