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

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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


INLINE = 12
"""Bytes of a value that stands in its view itself (Arrow specification, "Variable-size Binary View
Layout")."""


def binary_cells(series: pl.Series) -> tuple[bytes, npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """The values of a Binary series where they lie: bytes, and where in them each begins and ends (a null
    nowhere). None where polars hands over anything but views."""
    import numpy as np

    capsule = series.__arrow_c_stream__(None)  # the stream lives as long as it
    stream = _Stream.from_address(_pointer_of(capsule, b"arrow_array_stream"))
    sources, begins, ends, base = [], [], [], 0
    schema = _Schema()
    if stream.get_schema(ctypes.addressof(stream), ctypes.addressof(schema)):
        return None
    views = schema.format == b"vz"
    _RELEASE(schema.release)(ctypes.addressof(schema))
    while views:
        column = _Array()
        if stream.get_next(ctypes.addressof(stream), ctypes.addressof(column)) or not column.release:
            break
        some, starts, stops = _views(column, base)
        sources += some
        begins.append(starts)
        ends.append(stops)
        base += sum(map(len, some))
        _RELEASE(column.release)(ctypes.addressof(column))
    if not views or sum(map(len, begins)) != len(series):
        return None
    nothing = [np.zeros(0, np.int64)]
    first, last = np.concatenate(begins or nothing), np.concatenate(ends or nothing)
    if series.null_count():
        last = np.where(series.is_null().to_numpy(), first, last)
    return b"".join(sources), first, last


def _views(column: _Array, base: int) -> tuple[list[bytes], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The buffers of one chunk, one behind the other from ``base`` on, and where its values lie in them."""
    import numpy as np

    rows, count = column.length, column.n_buffers - 3
    data = ctypes.string_at(column.buffers[1] + 16 * column.offset, 16 * rows) if rows else b""
    table = np.frombuffer(data, np.int32).reshape(rows, 4).astype(np.int64)
    sizes = array("q", ctypes.string_at(column.buffers[2 + count], 8 * count)) if count else ()
    others = [ctypes.string_at(column.buffers[2 + n], size) if size else b"" for n, size in enumerate(sizes)]
    places = np.array([base + len(data), *map(len, others)], np.int64).cumsum()
    inside = base + 16 * np.arange(rows, dtype=np.int64) + 4
    starts = inside
    if count:
        which = np.where(table[:, 0] > INLINE, table[:, 2], 0)
        starts = np.where(table[:, 0] > INLINE, places[which] + table[:, 3], inside)
    return [data, *others], starts, starts + table[:, 0]


_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
