"""The functions that are mutated, and the test files that may kill what is made of them.

Owns two lists: all that cuts records, says whose a byte is, pads, trims and reads numbers, on the way there and in the proof.
"""

from __future__ import annotations

TARGETS = (
    "gaiji.kernel.cut:*",
    "gaiji.kernel.described:*",
    "gaiji.kernel.shape:*",
    "gaiji.kernel.numbers:*",
    "gaiji.kernel.recut:*",
    "gaiji.kernel.unread:*",
    "gaiji.kernel.decode:_rows",
    "gaiji.kernel.decode:_low_values",
    "gaiji.kernel.decode:_field",
    "gaiji.kernel.decode:_drop_padding",
    "gaiji.kernel.decode:_trim",
    "gaiji.records.batch:*",
    "gaiji.records.blocks:*",
    "gaiji.records.cutter:*",
    "gaiji.records.delimited:*",
    "gaiji.records.ends:*",
    "gaiji.records.fixed:*",
    "gaiji.records.forms:*",
    "gaiji.records.quarantine:*",
    "gaiji.records.reader:*",
    "gaiji.records.shape:*",
    "gaiji.records.source:*",
    "gaiji.records.variable:*",
    "gaiji.layout.spans:*",
    "gaiji.layout.fillers:*",
    "gaiji.layout.copybook.measure:*",
    "gaiji.layout.copybook.fields:_expand",
    "gaiji.layout.copybook.slack:*",
    "gaiji.columns.owners:*",
    "gaiji.columns.decode:Decoder.place",
    "gaiji.columns.decode:Decoder._numbers",
    "gaiji.columns.decode:Decoder._floats",
    "gaiji.columns.decode:Decoder._raw",
    "gaiji.columns.floats:*",
    "gaiji.columns.numeric:*",
    "gaiji.proof.account:*",
    "gaiji.proof.raw:*",
    "gaiji.proof.recut:*",
)
FILES = tuple(
    f"tests/test_{name}.py"
    for name in (
        "apart", "bytes", "cases", "columns", "convert", "copybook", "descriptors", "ends", "framing", "half_spaces",
        "kernel", "kinds", "layout", "numbers", "packing", "places", "rectypes", "recut", "scans", "slack", "source",
        "text_files", "variable_tables", "verify", "way_back",
    )
)  # fmt: skip
"""Test files that come to these functions and end soon in interpreted kernels."""
