"""A module imports only modules of its own layer's like or below; the map is that of docs/architecture.md."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / "gaiji"
LAYERS = [
    {
        "__init__",
        "errors",
        "model",
        "datafiles",
        "log",
        "memory",
        "_nocython",
        "kernel",
        "kernel_io",
        "kernel_encode",
        "arrow",
        "digest",
    },
    {"packing", "files"},
    {"gj", "tables", "framing", "presets", "lock"},
    {"repertoire", "copybook"},
    {"layout", "program", "relations", "shape.features", "shape.raster"},
    {"encoding"},
    {"charset", "sinks", "lookup", "shape.model", "shape.sisters", "shape.verdict", "targets"},
    {"tabular", "shrinking", "names"},
    {"matching", "searching"},
    {"job", "review", "review.schema", "review.parts"},
    {"review.audit", "review.pictures"},
    {"shape.picture", "shape.gallery"},
    {"shape.index"},
    {"shape"},
    {"shape.find"},
    {"review.queue"},
    {"review.decisions", "review.candidates", "review.context"},
    {"review.sheet", "review.shapes"},
    {"review.workbook", "review.page"},
    {"review.exchange"},
    {"review.apply", "review.web.guard", "shrinkfile"},
    {"review.web.app"},
    {"review.web.server"},
    {"review.web"},
    {"columns"},
    {"findings"},
    {"totals", "quarantine"},
    {"checkpoint"},
    {"readback"},
    {"proof", "reverse"},
    {"convert"},
    {"learn"},
    {"verify_page"},
    {"verify"},
    {"explain", "tablediff"},
    {"demo", "matchfile", "dbjob"},
    {"dbconvert", "residents"},
    {"report"},
    {"cli_options"},
    {"cli_verify", "cli_review", "cli_people", "cli_db", "cli_report"},
    {"cli"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
SAME_LAYER = {
    ("datafiles", "errors"),
    ("memory", "errors"),
    ("kernel", "_nocython"),
    ("kernel_io", "_nocython"),
    ("kernel_encode", "_nocython"),
}


def imports(path: Path) -> set[str]:
    """Modules of the toolkit that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gaiji":
            if node.module == "gaiji":
                found |= {alias.name for alias in node.names if alias.name in LEVEL}
            else:
                found.add(node.module.removeprefix("gaiji."))
    return found


def test_every_module_has_a_layer_and_imports_only_lower_ones():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        assert name in LEVEL, f"{name} has no layer"
        for other in imports(path) - {name}:
            if LEVEL[other] >= LEVEL[name] and (name, other) not in SAME_LAYER and name != "__init__":
                wrong.append(f"{name} imports {other}")
    assert wrong == []
