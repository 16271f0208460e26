"""A layout file with all that moves its fields: tables that vary, tables that can be written row by row.

Owns the choice between copybooks and TOML layouts for those who need more than fields;
``gaiji.layout.layout`` owns the fields themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gaiji.layout.copybook import SUFFIXES, Table, describe_copybook
from gaiji.layout.layout import Layout, copybook_layout, load_layout
from gaiji.model import Variable
from gaiji.model.plain import dataclass


@dataclass(frozen=True)
class Whole:
    """A layout, how its tables vary (None: they do not), and the tables that lie in no other."""

    layout: Layout
    variable: Variable | None = None
    tables: tuple[Table, ...] = ()


def described(
    path: str | Path,
    *,
    record_length: int | None = None,
    redefines: Mapping[str, str] | None = None,
    depending: str = "refuse",
    sync: str = "refuse",
    item: str = "",
    encoding: str = "",
    replacing: Mapping[str, str] | None = None,
) -> Whole:
    """The layout of one kind of record. ``item``: the 01 level or definition of a redefined area that is
    read. ``encoding``, ``replacing``: of a copybook, as for ``load_layout``.

    Raises LayoutError, as ``load_layout``.
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        return Whole(load_layout(path, record_length=record_length, redefines=redefines, sync=sync))
    found = describe_copybook(
        path,
        redefines=redefines,
        depending=depending,
        sync=sync,
        item=item,
        encoding=encoding,
        replacing=replacing,
    )
    layout = copybook_layout(found, record_length, Path(path))
    return Whole(layout, found.variable, found.tables)
