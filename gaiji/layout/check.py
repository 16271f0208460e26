"""What must hold of one field by itself: its type, and the keys that go with it.

Owns the types of fields and which key a type has. Places, names and overlaps are ``gaiji.layout.layout``'s.
"""

from __future__ import annotations

from gaiji.errors import LayoutError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.layout.roles import ROLES
from gaiji.model import FLOATS, SIGN_PLACES, SIGNS, Field

TEXTS = ("mixed", "dbcs", "sbcs")
TYPES = (*TEXTS, "zoned", "packed", "binary", "float", "raw")
MAX_DIGITS = 38
"""Of a number in a delimited file, whose cells have no length."""
_NUMERIC = ("zoned", "packed", "binary")
_VALUES = {
    "type": TYPES,
    "role": ROLES,
    "sign": SIGN_PLACES,
    "signs": SIGNS,
    "order": ("big", "little"),
    "float": FLOATS,
}
_OF = {
    **dict.fromkeys(("scale", "signed", "digits"), _NUMERIC),
    "sign": ("zoned", "packed"),
    "signs": ("zoned",),
    "order": ("binary",),
    "float": ("float",),
    "charset": TEXTS,
}
"""The types that a key is for."""


def other_keys(type: str) -> set[str]:
    """The keys that a field of that type cannot have."""
    return {key for key, types in _OF.items() if type not in types}


def check_field(spec: Field, path: str) -> None:
    """Rules of one field that need no other."""
    for key, values in _VALUES.items():
        value = getattr(spec, key)
        if value not in values and (value or key in ("type", "role")):
            raise field_error(
                fault("E0167", "has the {key} {value!r}", key=key, value=value[:40]),
                spec,
                path,
                tr("use one of: {values}", values=", ".join(values)),
            )
    for key, types in _OF.items():
        if getattr(spec, key) and spec.type not in types:
            raise field_error(
                fault("E0168", "has {given}, but its type is {type}", given=key, type=spec.type),
                spec,
                path,
                tr("use {numeric}, or drop it", numeric=", ".join(types)),
            )
    _check_length(spec, path)
    _check_number(spec, path)


def _check_length(spec: Field, path: str) -> None:
    """The bytes that a type can have."""
    if spec.type == "dbcs" and spec.length % 2:
        raise field_error(
            fault("E0169", "is dbcs and {length} bytes long", length=spec.length),
            spec,
            path,
            tr("two bytes a character: give an even length"),
        )
    if spec.length and spec.type == "binary" and spec.length > 8:
        raise field_error(
            fault("E0170", "is binary and {length} bytes long", length=spec.length),
            spec,
            path,
            tr("use 1 to 8 bytes, or type raw"),
        )
    if spec.type == "float" and spec.length not in (4, 8):
        raise field_error(
            fault("E0470", "is a floating-point number of {length} bytes", length=spec.length),
            spec,
            path,
            tr("COMP-1 has 4 bytes, COMP-2 has 8"),
        )


def _check_number(spec: Field, path: str) -> None:
    """Digits, decimal places and sign of a number that its bytes have room for."""
    if spec.sign and (spec.sign == "none") != (spec.type == "packed"):
        raise field_error(
            fault("E0471", "is {type}, and its sign cannot be {sign!r}", type=spec.type, sign=spec.sign),
            spec,
            path,
            tr(
                "a zoned number has one of {places}; a packed one can have none",
                places=", ".join(SIGN_PLACES[:3]),
            ),
        )
    if spec.sign == "none" and spec.signed:
        raise field_error(
            fault("E0472", "is signed, and has no place for a sign"), spec, path, tr("drop signed, or sign")
        )
    packed = 2 * spec.length - (spec.sign != "none")
    room = (
        {"zoned": spec.length, "packed": packed, "binary": 20}.get(spec.type, 0)
        if spec.length
        else MAX_DIGITS
    )
    if spec.type in _NUMERIC:
        for key in ("digits", "scale"):
            if not 0 <= getattr(spec, key) <= room:
                raise field_error(
                    fault(
                        "E0171",
                        "has {key} {given} in {length} bytes",
                        key=key,
                        given=getattr(spec, key),
                        length=spec.length,
                    ),
                    spec,
                    path,
                    tr("use 0 to {room}", room=room),
                )
    if spec.digits and spec.scale > spec.digits:
        raise field_error(
            fault(
                "E0172", "has {scale} decimal places in {digits} digits", scale=spec.scale, digits=spec.digits
            ),
            spec,
            path,
            tr("correct scale or digits"),
        )


def field_error(what: Fault, spec: Field, path: str, advice: str) -> LayoutError:
    name = "".join(c if c.isprintable() else " " for c in spec.name[:60])
    return LayoutError(what, path=path, line=spec.line, field=name, next=advice)
