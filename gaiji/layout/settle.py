"""What a job says of all fields at once: how signs are written, what numbers and national characters are.

Owns how those keys of ``[source]`` meet what the layout says of a field, which is stronger, and what is taken
where nobody said anything. Whether the records contradict that is for ``gaiji.run.national``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gaiji.errors.messages import fault, tr
from gaiji.layout.check import field_error
from gaiji.model import Field

NATIONAL = {"host": "", "utf-16-be": "unicode-be", "utf-16-le": "unicode-le"}
"""What ``national`` can be, and the charset of such fields ("" is the job's)."""
ASSUMED = "assumed"
"""``Field.national`` where nobody said which characters they are: the records may contradict it."""


def settle(fields: Sequence[Field], source: Mapping[str, Any], path: str) -> tuple[Field, ...]:
    """The fields with what the ``source`` section of a job says of all: ``signs``, ``binary`` ("full": more
    than the digits of the PICTURE), ``float`` and ``national``. LayoutError for a floating-point field of
    which nobody said what kind it is."""
    return tuple(_settled(spec, source, path) for spec in fields)


def _settled(spec: Field, source: Mapping[str, Any], path: str) -> Field:
    if spec.type == "zoned" and not spec.signs:
        return replace(spec, signs=source["signs"])
    if spec.type == "binary" and source["binary"] == "full":
        return replace(spec, digits=0)
    if spec.type == "float" and not spec.float:
        if not source["float"]:
            raise field_error(
                fault("E0483", "is a floating-point number, and nobody said of which kind"),
                spec,
                path,
                tr(
                    "set float in [source]: hex (IBM z/OS and compatible hosts), ieee-big (IBM i, UNIX), "
                    "ieee-little (PCs)"
                ),
            )
        return replace(spec, float=source["float"])
    return _national(spec, source) if spec.national else spec


def _national(spec: Field, source: Mapping[str, Any]) -> Field:
    """An item of national characters: as the job says; else UTF-16 where IBM's copybook says NATIONAL, and
    the double bytes of the job's charset where it does not, or another maker's does."""
    if spec.charset or spec.type != "dbcs":
        return replace(spec, national="")
    ibm = str(source["charset"]).startswith("ibm-") and spec.national == "national"
    kind = source["national"] or ("utf-16-be" if ibm else "host")
    told = "" if source["national"] else ASSUMED
    if kind == "host":
        return replace(spec, national=told)
    return replace(spec, charset=NATIONAL[kind], type="mixed", national=told)
