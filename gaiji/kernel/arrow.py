"""Hands kernel buffers to polars without copying, through the Arrow C data interface.

Owns the C structures of that interface (Arrow specification, "The Arrow C data interface") for the
two shapes the kernel makes: text (int64 offsets + UTF-8) and plain integers. Nothing else.
"""

from __future__ import annotations

import ctypes
import itertools
from array import array
from typing import TYPE_CHECKING, Any

import polars as pl

from gaiji.kernel.cut import place_views

if TYPE_CHECKING:
    from collections.abc import Iterator

_RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Schema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _Array(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_alive: dict[int, Any] = {}
"""What C still points to, by the number in ``private_data``; dropped when the consumer releases it.

Not by address: a consumer may move a structure before it releases it."""
_numbers = itertools.count(1)


@_RELEASE  # type: ignore[untyped-decorator]
def _release_schema(address: int) -> None:
    """The structure itself stays until its capsule goes (``_drop_schema``)."""
    _Schema.from_address(address).release = None


@_RELEASE  # type: ignore[untyped-decorator]
def _release_array(address: int) -> None:
    column = _Array.from_address(address)
    column.release = None
    _alive.pop(column.private_data or 0, None)


_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype = ctypes.c_void_p
_get_pointer.argtypes = (ctypes.c_void_p, ctypes.c_char_p)


@_RELEASE  # type: ignore[untyped-decorator]
def _drop_schema(capsule: int) -> None:
    """Destructor of a schema capsule: consumers may read a schema without releasing it."""
    schema = _Schema.from_address(_get_pointer(capsule, b"arrow_schema"))
    _alive.pop(schema.private_data or 0, None)


_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


class _Column:
    """An object with ``__arrow_c_array__``, which polars reads."""

    def __init__(self, format: bytes, length: int, buffers: tuple[Any, ...]) -> None:
        self._format = format
        self._length = length
        self._buffers = buffers

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[Any, Any]:
        schema = _Schema(self._format, b"", None, 0, 0, None, None)
        schema.release = ctypes.cast(_release_schema, ctypes.c_void_p)
        views = [(ctypes.c_char * max(len(memoryview(b).cast("B")), 1)).from_buffer(b) for b in self._buffers]
        pointers = (ctypes.c_void_p * (1 + len(views)))(None, *(ctypes.addressof(v) for v in views))
        column = _Array(self._length, 0, 0, len(pointers), 0, pointers, None, None)
        column.release = ctypes.cast(_release_array, ctypes.c_void_p)
        schema.private_data, column.private_data = next(_numbers), next(_numbers)
        _alive[schema.private_data] = schema
        _alive[column.private_data] = (column, pointers, views, self._buffers)
        return (
            _new_capsule(
                ctypes.addressof(schema), b"arrow_schema", ctypes.cast(_drop_schema, ctypes.c_void_p)
            ),
            _new_capsule(ctypes.addressof(column), b"arrow_array", None),
        )


def text_series(name: str, data: bytearray, offsets: Any) -> pl.Series:
    """A String series over ``data`` and ``offsets`` (array('q'), one more than there are rows)."""
    return pl.Series(_Column(b"U", len(offsets) - 1, (offsets, data))).alias(name)


def int64_series(name: str, values: Any) -> pl.Series:
    """An Int64 series over an array('q')."""
    return pl.Series(_Column(b"l", len(values), (values,))).alias(name)


def uint32_series(name: str, data: bytearray) -> pl.Series:
    """A UInt32 series over native 32-bit words."""
    return pl.Series(_Column(b"I", len(data) // 4, (data,))).alias(name)


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    )


def binary_cells(series: pl.Series) -> tuple[bytes | memoryview, array[int], array[int]] | None:
    """The values of a Binary series where they lie: bytes, and where in them each begins and ends (a null
    nowhere). None where polars hands over anything but views. The bytes are polars' own where they are in one
    piece, and live as long as what is given back."""
    rows, row, sources, base = len(series), 0, list[memoryview](), 0
    starts, ends = array("q", [0]) * rows, array("q", [0]) * rows
    for table, others in _chunks(series):
        if row + len(table) // 16 > rows:
            return None
        places = array("q", itertools.accumulate(map(len, others), initial=base + len(table)))
        place_views(table.cast("i"), places[: len(others)], base, starts, ends, row)
        row += len(table) // 16
        sources += [table, *others]
        base = places[-1]
    if row != rows:
        return None
    if series.null_count():
        import numpy as np

        np.copyto(np.frombuffer(ends, np.int64), starts, where=series.is_null().to_numpy())
    full = [source for source in sources if source]
    return full[0] if len(full) == 1 else b"".join(full), starts, ends


def _chunks(series: pl.Series) -> Iterator[tuple[memoryview, list[memoryview]]]:
    """The views of each chunk of a Binary series, and the buffers behind them; nothing where it has none."""
    capsule = series.__arrow_c_stream__(None)  # the stream lives as long as it
    stream = _Stream.from_address(_pointer_of(capsule, b"arrow_array_stream"))
    schema = _Schema()
    if stream.get_schema(ctypes.addressof(stream), ctypes.addressof(schema)):
        return
    views = schema.format == b"vz"
    _RELEASE(schema.release)(ctypes.addressof(schema))
    while views:
        column = _Array()
        if stream.get_next(ctypes.addressof(stream), ctypes.addressof(column)) or not column.release:
            return
        held = _Held(column)
        rows, count = column.length, column.n_buffers - 3
        table = held.view(column.buffers[1], 16 * column.offset, 16 * rows)
        sizes = held.view(column.buffers[2 + count], 0, 8 * count).cast("q")
        yield table, [held.view(column.buffers[2 + n], 0, size) for n, size in enumerate(sizes)]


class _Held:
    """A column of somebody else, released when nobody looks at it any more."""

    def __init__(self, column: _Array) -> None:
        self._column = column

    def view(self, address: int | None, offset: int, size: int) -> memoryview:
        """A part of its memory, which keeps the column."""
        if not size or address is None:
            return memoryview(b"")
        part = (ctypes.c_ubyte * size).from_address(address + offset)
        part.held = self  # type: ignore[attr-defined]
        return memoryview(part).cast("B").toreadonly()

    def __del__(self) -> None:
        _RELEASE(self._column.release)(ctypes.addressof(self._column))


_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
