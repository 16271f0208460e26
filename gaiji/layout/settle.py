"""What a job says of all fields at once: how signs are written, what a binary number may hold.

Owns how those keys of ``[source]`` meet what the layout says of a field, which is stronger. Cuts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gaiji.model import Field


def settle(fields: Sequence[Field], *, signs: str, binary: str) -> tuple[Field, ...]:
    """The fields with the job's ``signs`` where they have none of their own; ``binary`` "full": binary
    numbers may hold more than the digits of their PICTURE."""
    return tuple(_settled(spec, signs, binary) for spec in fields)


def _settled(spec: Field, signs: str, binary: str) -> Field:
    if spec.type == "zoned" and not spec.signs:
        return replace(spec, signs=signs)
    if spec.type == "binary" and binary == "full":
        return replace(spec, digits=0)
    return spec
