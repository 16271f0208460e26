"""Which bytes of a record are which field: copybooks, ``[[field]]`` tables, roles."""

from gaiji.layout.copybook import parse_copybook, read_copybook
from gaiji.layout.layout import (
    Layout,
    for_header,
    layout_from_fields,
    load_layout,
    override_fields,
    with_roles,
)
from gaiji.layout.roles import ROLES, find_role, load_preset, preset_names

__all__ = [
    "ROLES",
    "Layout",
    "find_role",
    "for_header",
    "layout_from_fields",
    "load_layout",
    "load_preset",
    "override_fields",
    "parse_copybook",
    "preset_names",
    "read_copybook",
    "with_roles",
]
