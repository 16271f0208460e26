"""What the functions of a charset may be asked: each argument is one of a closed list, or the call fails.

Owns the lists and the errors, so that a misspelt word is never taken for another wish.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gaiji.codes.program import DEFAULT_POLICY, POLICIES
from gaiji.errors import ArgumentError, ArgumentTypeError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model import FORMS, ROLES, Reason
from gaiji.standard.forms import ADOBE, PRIVATE, is_special

TYPES = ("", "mixed", "dbcs", "sbcs")
"""Types of a text field; "" is what the charset has anyway."""
DECODE_ERRORS = ("findings", "strict")
TEXT_ERRORS = ("strict", "geta")
ENCODE_ERRORS = ("strict", "geta")


def one_of(argument: str, value: object, known: Collection[str]) -> str:
    """``value``, which must be one of ``known``; ArgumentError names the nearest."""
    if not isinstance(value, str):
        raise ArgumentTypeError(
            fault("E0355", "is {kind}, not str", kind=type(value).__name__),
            argument=argument,
            next=tr("use one of: {value}", value=_list(known)),
        )
    if value not in known:
        words = [word for word in known if word]
        advice = nearest(value, words, f"use one of: {_list(words)}")
        raise ArgumentError(
            fault("E0261", "cannot be {value!r}", value=value[:40]), argument=argument, next=advice
        )
    return value


def _list(known: Collection[str]) -> str:
    return ", ".join(repr(word) for word in known)


def legal_role(role: str) -> str:
    """What a field holds."""
    return one_of("role", role, ROLES)


def legal_form(form: str) -> str:
    """An output form: of IVS, of Adobe-Japan1, or ``pua:`` and a file of private use characters."""
    if isinstance(form, str) and len(form) > len(PRIVATE) and is_special(form):
        return form
    return one_of("form", form, (*FORMS, ADOBE))


def legal_policy(policy: Mapping[Reason, str] | Mapping[str, str] | None) -> dict[Reason, str]:
    """Every reason with its policy; what is not given is the default. Reasons may be named by their
    labels."""
    rules = dict(DEFAULT_POLICY)
    for reason, how in (policy or {}).items():
        if isinstance(reason, Reason):
            key = reason
        else:
            key = Reason.from_label(one_of("policy", reason, [known.label for known in Reason]))
        rules[key] = one_of("policy", how, POLICIES)
    return rules


def raw_bytes(data: object, argument: str = "data") -> bytes:
    """Bytes to be decoded."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, bytearray | memoryview):
        return bytes(data)
    raise ArgumentTypeError(
        fault("E0356", "is {kind}, not bytes", kind=type(data).__name__),
        argument=argument,
        next=tr("give bytes"),
    )


def text_of(text: object, argument: str = "text") -> str:
    """Text to be encoded."""
    if isinstance(text, str):
        return text
    raise ArgumentTypeError(
        fault("E0357", "is {kind}, not str", kind=type(text).__name__),
        argument=argument,
        next=tr("give a str"),
    )
