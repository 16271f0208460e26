"""Hands kernel buffers to polars without copying, through the Arrow C data interface.

Owns the two C structures of that interface (Arrow specification, "The Arrow C data interface") for the
two shapes the kernel makes: text (int64 offsets + UTF-8) and plain integers. Nothing else.
"""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import polars as pl

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
