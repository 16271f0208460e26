"""A caller's column as a polars Series and back: lists, Arrow arrays, polars and pandas series, NumPy arrays.

Owns which inputs are columns, and that what comes back is of the kind that was given. Nothing is imported
that the caller has not: an object of pandas, NumPy or pyarrow is known by its module or by Arrow's C
interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from gaiji.errors import ArgumentTypeError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model.plain import dataclass

if TYPE_CHECKING:
    import polars as pl

ADVICE = mark("give a list, an Arrow array, a polars or pandas series, or a NumPy array")


@dataclass(frozen=True)
class Given:
    """A column as polars has it. ``back`` makes a Series what the caller's column was."""

    series: pl.Series
    back: Callable[[pl.Series], Any]


def text_column(values: object, argument: str) -> Given:
    """A column of text; ArgumentTypeError for another kind of object or of values. Nulls stay nulls."""
    return _given(values, argument, "text")


def bytes_column(values: object, argument: str) -> Given:
    """A column of bytes; ArgumentTypeError for another kind of object or of values. Nulls stay nulls.

    A NumPy array of fixed width (``S``) has no zero bytes at the end of its values, as NumPy means them.
    """
    return _given(values, argument, "bytes")


def _given(values: object, argument: str, what: Literal["text", "bytes"]) -> Given:
    import polars as pl

    dtype = pl.String() if what == "text" else pl.Binary()
    try:
        found = _read(values, dtype)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        found = None
    if found is None:
        raise ArgumentTypeError(
            fault("E0383", "is no column ({kind})", kind=type(values).__name__),
            argument=argument,
            next=tr(ADVICE),
        )
    if found.series.dtype == pl.Null:
        found = Given(found.series.cast(dtype), found.back)
    if found.series.dtype != dtype:
        raise ArgumentTypeError(
            fault("E0384", "is a column of {dtype}, not of {what}", dtype=found.series.dtype, what=what),
            argument=argument,
            next=tr("give {what} values", what=tr("str") if what == "text" else tr("bytes")),
        )
    return found


def _read(values: Any, dtype: pl.DataType) -> Given | None:
    import polars as pl

    if isinstance(values, list | tuple):
        return Given(pl.Series(values, dtype=dtype, strict=True), lambda out: type(values)(out.to_list()))
    reader = _READERS.get(_module(values))
    if reader is not None:
        return reader(values, dtype)
    if _arrow(values):
        return Given(_plain(pl.Series(values)), lambda out: _arrow_back(values, out))
    return None


def _module(values: object) -> str:
    kind = type(values)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _arrow(values: object) -> bool:
    return hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__")


def _plain(series: pl.Series) -> pl.Series:
    """Categories and enumerations are text."""
    import polars as pl

    return series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series


def _polars(values: Any, dtype: pl.DataType) -> Given:
    return Given(_plain(values), lambda out: out.alias(values.name))


def _pandas(values: Any, dtype: pl.DataType) -> Given:
    import polars as pl

    missing = values.isna().to_numpy()
    listed = values.astype(object).tolist()
    cells = [None if gone else cell for cell, gone in zip(listed, missing, strict=True)]
    series = pl.Series(str(values.name or ""), cells, dtype=dtype, strict=True)
    made = type(values)

    def back(out: pl.Series) -> Any:
        return made(out.to_list(), index=values.index, name=values.name, dtype=object)

    return Given(series, back)


def _numpy(values: Any, dtype: pl.DataType) -> Given | None:
    import numpy as np
    import polars as pl

    if values.ndim != 1:
        return None
    series = pl.Series(values.tolist(), dtype=dtype, strict=True)

    def back(out: pl.Series) -> Any:
        if values.dtype.kind == "O" or out.null_count() or out.dtype != dtype:
            return np.array(out.to_list(), dtype=object)
        return np.array(out.to_list(), dtype=values.dtype.kind if len(out) else values.dtype)

    return Given(series, back)


def _arrow_back(values: Any, out: pl.Series) -> Any:
    """Text as an Arrow array of the same package where there is one; else the Series, which speaks Arrow."""
    if _module(values).startswith("pyarrow."):
        return out.to_arrow()
    return out


_READERS: dict[str, Callable[[Any, Any], Given | None]] = {
    "polars.Series": _polars,
    "pandas.Series": _pandas,
    "numpy.ndarray": _numpy,
}
