"""A copybook read whole: its file, its text, its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gaiji.errors import LayoutError
from gaiji.layout.copybook.choose import choose
from gaiji.layout.copybook.entries import entries, tree
from gaiji.layout.copybook.fields import fields, fillers
from gaiji.layout.copybook.measure import measure, place
from gaiji.layout.copybook.text import FORMATS, tokens
from gaiji.layout.roles import ROLES
from gaiji.messages import fault, tr
from gaiji.model import Field

SUFFIXES = (".cpy", ".cbl", ".cob")
MAX_BYTES = 1 << 20
MAX_FIELDS = 10_000


class Described(NamedTuple):
    """What a copybook says of a record: fields, length in bytes, (offset, length) of its FILLER."""

    fields: tuple[Field, ...]
    length: int
    fillers: tuple[tuple[int, int], ...]


def read_copybook(
    path: str | Path,
    *,
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    format: str = "auto",
) -> tuple[tuple[Field, ...], int]:
    """The fields of a copybook file and the record length in bytes.

    The options and errors are those of ``read_described``, which tells where FILLER is, too.
    """
    found = read_described(path, redefines=redefines, roles=roles, depending=depending, format=format)
    return found.fields, found.length


def read_described(
    path: str | Path,
    *,
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    format: str = "auto",
) -> Described:
    """The fields of a copybook file, the record length in bytes, and the FILLER.

    The file is UTF-8 or Shift_JIS (CP932), at most 1 MiB. See ``parse_copybook`` for the options and errors.
    """
    path = Path(path)
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
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise LayoutError(
            fault("E0094", "is neither UTF-8 nor Shift_JIS"), path=path, next=tr("save it as UTF-8")
        )
    return described(text, path=path, redefines=redefines, roles=roles, depending=depending, format=format)


def parse_copybook(
    text: str,
    *,
    path: str | Path = "",
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    format: str = "auto",
) -> tuple[tuple[Field, ...], int]:
    """The fields that a copybook describes and the record length in bytes.

    The options are those of ``described``, which tells where FILLER is, too. Raises LayoutError.
    """
    found = described(text, path=path, redefines=redefines, roles=roles, depending=depending, format=format)
    return found.fields, found.length


def described(
    text: str,
    *,
    path: str | Path = "",
    redefines: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    depending: str = "refuse",
    format: str = "auto",
) -> Described:
    """The fields that a copybook describes, the record length in bytes, and the FILLER.

    ``redefines`` says which definition of an area is read (``{"A": "B"}``: B, which redefines A; also for
    several 01 levels); by default the first. ``roles`` maps name patterns (``*-simei``, case ignored) to
    roles, before the rules of ``roles.toml``. ``depending="max"`` reads OCCURS DEPENDING ON as tables of
    full size. ``format`` is the reference format: auto, fixed (columns 8–72) or free.

    Names come out in lower case; an occurrence adds its number (``name-1``), a name used in several groups
    its group (``father.name``). Raises LayoutError with file, line and clause.
    """
    where = str(path)
    if len(text) > MAX_BYTES:
        raise LayoutError(
            fault("E0095", "is bigger than 1 MiB"), path=where, next=tr("give the copybook of one record")
        )
    _check_option("depending", depending, ("refuse", "max"), where)
    _check_option("format", format, FORMATS, where)
    for pattern, role in (roles or {}).items():
        _check_option(f"role of {pattern}", role, ROLES, where)
    chosen = {str(key).upper(): str(value).upper() for key, value in (redefines or {}).items()}
    root = tree(entries(tokens(text, format, where)), where, depending)
    choose(root, chosen, where)
    measure(root, "display", False, 0)
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
    return Described(fields(root, roles or {}, where), root.size, fillers(root))


def _check_option(name: str, value: str, values: Sequence[str], path: str) -> None:
    if value not in values:
        raise LayoutError(
            fault("E0144", "{name} cannot be {value!r}", name=name, value=str(value)[:40]),
            path=path,
            next=tr("use {values}", values=tr(" or ").join(values)),
        )
