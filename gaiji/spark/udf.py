"""Columns that lie in Spark already: bytes of a vendor's code decoded, search keys of names.

Owns the two functions in the form that Spark takes them. Charsets are ``codes``', keys ``names``'.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql.functions import arrow_udf

from gaiji.codes.charset import Charset, load_charset
from gaiji.names.keys import key_expr
from gaiji.names.keys import keys as keys_of
from gaiji.spark.lists import listed

FINDING = pa.struct([("position", pa.int32()), ("code", pa.string()), ("reason", pa.string())])
DECODED = "struct<text: string, findings: array<struct<position: int, code: string, reason: string>>>"


def decode(
    column: Column | str,
    charset: str,
    *,
    site: Sequence[str | Path] = (),
    type: str = "",
    role: str = "name",
    form: str = "needed",
) -> Column:
    """A column of bytes, each value one whole field, as a struct of its ``text`` and its ``findings``
    (position, code, reason: what a person must look at).

    Arguments as for ``gaiji.load_charset`` and ``Charset.decode_many``. The charset is sent with the query
    and made once in each process that decodes. Raises CharsetError, TableError and ArgumentError here, before
    the query runs.
    """
    loaded = load_charset(charset, site)
    loaded.reading(type=type, role=role, form=form)
    sent = pickle.dumps(loaded)

    @arrow_udf(DECODED)
    def decoded(values: pa.Array) -> pa.Array:
        done = _charset(sent).decode_many(values, type=type, role=role, form=form)
        one = pl.struct(pl.col("position").cast(pl.Int32), "code", "reason").alias("findings")
        found = done.findings.group_by("row", maintain_order=True).agg(one)
        numbers = pl.Series("row", range(len(done.texts)), dtype=done.findings["row"].dtype)
        rows = numbers.to_frame()
        lists = rows.join(found, on="row", how="left", maintain_order="left")["findings"]
        return pa.StructArray.from_arrays(
            [done.texts.to_arrow().cast(pa.string()), listed(lists, FINDING)],
            names=["text", "findings"],
            mask=done.texts.is_null().to_arrow(),
        )

    return decoded(column)


def keys(column: Column | str, kind: str = "variant") -> Column:
    """The search key of each name, as ``gaiji.names.keys.keys`` makes it; null for null. UsageError for a
    kind of key that there is not."""
    key_expr(pl.col("name"), kind)

    @arrow_udf("string")
    def key(names: pa.Array) -> pa.Array:
        return (
            keys_of(pl.Series("name", pl.from_arrow(names), dtype=pl.String), kind)
            .to_arrow()
            .cast(pa.string())
        )

    return key(column)


@lru_cache(maxsize=8)
def _charset(sent: bytes) -> Charset:
    """A charset as the query brought it, made once in this process."""
    charset: Any = pickle.loads(sent)
    assert isinstance(charset, Charset)
    return charset
