"""COBOL copybooks: data descriptions in, fields with byte offsets out.

Owns the subset of COBOL's data description that record layouts use: fixed and free reference format,
PICTURE, USAGE, SIGN, OCCURS, REDEFINES. Knows nothing of PROCEDURE code, COPY libraries or field contents.

Written here because no parser in the package index fits. ``copybook`` 1.0.16 (MIT, 2022) knows X and 9 only
and counts COMP-3 as one byte a digit; ``python-copybook`` 0.1.2 has no offsets yet and needs Python 3.12;
``coboljsonifier`` 1.0.8 has no N, G or Japanese names; ``cobol-parser`` 3.1.1 (AGPL) and ``python-cobol``
0.1.4 (GPL) do not go with this project's licence.

Source of the rules: IBM Enterprise COBOL for z/OS Language Reference, "Data division: data description
entry" and "Reference format"; sizes of binary items from "USAGE clause".
"""

from __future__ import annotations

from gaiji.layout.copybook.entries import MAX_RECORD
from gaiji.layout.copybook.fields import Table
from gaiji.layout.copybook.read import (
    MAX_BYTES,
    MAX_FIELDS,
    SUFFIXES,
    Described,
    describe_copybook,
    parse_copybook,
    read_copybook,
)
from gaiji.layout.copybook.text import FORMATS

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_FIELDS",
    "MAX_RECORD",
    "SUFFIXES",
    "Described",
    "Table",
    "describe_copybook",
    "parse_copybook",
    "read_copybook",
]
