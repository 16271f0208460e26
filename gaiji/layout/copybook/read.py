"""A copybook read whole: its file, its text, its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gaiji.errors import LayoutError
from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook.choose import choose, selected
from gaiji.layout.copybook.encoding import copybook_text
from gaiji.layout.copybook.entries import entries, tree
from gaiji.layout.copybook.fields import Table, fields, fillers, tables
from gaiji.layout.copybook.measure import measure, place
from gaiji.layout.copybook.slack import RULES, slacken
from gaiji.layout.copybook.text import FORMATS, replaced, tokens
from gaiji.layout.copybook.variable import variable
from gaiji.layout.roles import ROLES
from gaiji.model import Field, Variable
from gaiji.model.plain import dataclass

SUFFIXES = (".cpy", ".cbl", ".cob")
MAX_BYTES = 1 << 20
MAX_FIELDS = 10_000


@dataclass(frozen=True)
class Described:
    """What a copybook describes: the fields, the bytes of a record (of full size), how its tables vary, and
    for each table that is in no other: its name, its counter and the fields of each occurrence. ``fillers``:
    (offset, length) of its FILLER.
    """

    fields: tuple[Field, ...]
    length: int
    fillers: tuple[tuple[int, int], ...]
    variable: Variable | None
    tables: tuple[Table, ...]


def read_copybook(
    path: str | Path,
    *,
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    sync: str = "refuse",
    format: str = "auto",
    encoding: str = "",
    replacing: Mapping[str, str] | None = None,
) -> tuple[tuple[Field, ...], int]:
    """The fields of a copybook file and the record length in bytes.

    The file has at most 1 MiB; ``encoding``: as for ``copybook_text``. The other options, and the errors, are
    those of ``parse_copybook``.
    """
    return parse_copybook(
        _text(Path(path), encoding),
        path=path,
        redefines=redefines,
        roles=roles,
        depending=depending,
        sync=sync,
        format=format,
        replacing=replacing,
    )


def describe_copybook(
    path: str | Path,
    *,
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    sync: str = "refuse",
    item: str = "",
    encoding: str = "",
    replacing: Mapping[str, str] | None = None,
) -> Described:
    """All that a copybook file says of one kind of record. ``item``: the 01 level, or the definition of a
    redefined area, that is read; otherwise as ``read_copybook``.
    """
    return _describe(
        _text(Path(path), encoding),
        str(path),
        redefines or {},
        roles or {},
        depending,
        sync,
        format="auto",
        item=item,
        replacing=replacing or {},
    )


def _text(path: Path, encoding: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LayoutError(
            fault("E0092", "cannot be read: {reason}", reason=error.strerror),
            path=path,
            next=tr("give the path of a copybook"),
        ) from error
    if len(raw) > MAX_BYTES:
        raise LayoutError(
            fault("E0093", "is bigger than 1 MiB"),
            path=path,
            next=tr("give the copybook of one record, not a program"),
        )
    return copybook_text(raw, path, encoding)


def parse_copybook(
    text: str,
    *,
    path: str | Path = "",
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    sync: str = "refuse",
    format: str = "auto",
    replacing: Mapping[str, str] | None = None,
) -> tuple[tuple[Field, ...], int]:
    """The fields that a copybook describes and the record length in bytes.

    ``redefines`` says which definition of an area is read (``{"A": "B"}``: B, which redefines A; also for
    several 01 levels); by default the first. ``roles`` maps name patterns (``*-simei``, case ignored) to
    roles, before the rules of ``roles.toml``. ``depending="max"`` reads OCCURS DEPENDING ON as tables of
    full size; ``"counter"`` lets it pass too, and places are those in a record of full size. ``sync``: what
    SYNC on binary items does (``slack.RULES``; refused where nothing says it). ``format`` is the reference
    format: auto, fixed (columns 8–72) or free. ``replacing``: what COPY … REPLACING puts in place of a text
    of the copybook (``{":TAG:": "SE"}``).

    Names come out in lower case; an occurrence adds its number (``name-1``), a name used in several groups
    its group (``father.name``). Raises LayoutError with file, line and clause.
    """
    done = _describe(
        text,
        str(path),
        redefines or {},
        roles or {},
        depending,
        sync,
        format=format,
        item="",
        replacing=replacing or {},
    )
    return done.fields, done.length


def _describe(
    text: str,
    where: str,
    redefines: Mapping[str, str],
    roles: Mapping[str, str],
    depending: str,
    sync: str,
    *,
    format: str,
    item: str,
    replacing: Mapping[str, str],
) -> Described:
    if len(text) > MAX_BYTES:
        raise LayoutError(
            fault("E0095", "is bigger than 1 MiB"), path=where, next=tr("give the copybook of one record")
        )
    _check_option("depending", depending, ("refuse", "max", "counter"), where)
    _check_option("sync", sync, RULES, where)
    _check_option("format", format, FORMATS, where)
    for pattern, role in roles.items():
        _check_option(f"role of {pattern}", role, ROLES, where)
    chosen = {str(key).upper(): str(value).upper() for key, value in redefines.items()}
    root = tree(entries(replaced(tokens(text, format, where), replacing)), where, depending)
    if item:
        chosen |= selected(root, item, where)
    choose(root, chosen, where)
    measure(root, "display", False, 0)
    slacken(root, sync)
    place(root, 0)
    if root.named_leaves > MAX_FIELDS:
        raise LayoutError(
            fault(
                "E0096",
                "expands to {named_leaves:,} fields, more than {max_fields:,}",
                named_leaves=root.named_leaves,
                max_fields=MAX_FIELDS,
            ),
            path=where,
            next=tr("describe the tables that you do not need as FILLER"),
        )
    if not root.named_leaves:
        raise LayoutError(
            fault("E0097", "describes no field"),
            path=where,
            next=tr("give a copybook with a named PICTURE item"),
        )
    made = fields(root, roles, where)
    return Described(made, root.size, fillers(root), variable(root, made), tables(root, made))


def _check_option(name: str, value: str, values: Sequence[str], path: str) -> None:
    if value not in values:
        raise LayoutError(
            fault("E0144", "{name} cannot be {value!r}", name=name, value=str(value)[:40]),
            path=path,
            next=tr("use {values}", values=tr(" or ").join(values)),
        )
