"""gaiji: municipal name data out of vendor character codes into 行政事務標準文字.

The public names are loaded when they are first used, so that ``import gaiji`` costs nothing; type checkers
see them as they are. No module or package has the name of a public function: which import came first decides
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gaiji import codes, errors, layout, names, shape
    from gaiji.codes.charset import Charset, load_charset
    from gaiji.codes.column import DecodedColumn, EncodedColumn
    from gaiji.errors import GaijiError
    from gaiji.model import Decoded, Finding, Glyph, Picture
    from gaiji.names.searching import NameIndex
    from gaiji.proof.verify import Verification, verify
    from gaiji.reports.diff import diff_tables, impact
    from gaiji.reports.explain import explain
    from gaiji.run.convert import convert, scan
    from gaiji.run.erase import erase
    from gaiji.run.manifest import Manifest
    from gaiji.run.reverse import reverse
    from gaiji.shrinking.shrinker import shrink, unshrink
    from gaiji.standard.repertoire import Repertoire, load_repertoire

__version__ = "0.1.0"
__all__ = [
    "Charset",
    "Decoded",
    "DecodedColumn",
    "EncodedColumn",
    "Finding",
    "GaijiError",
    "Glyph",
    "Manifest",
    "NameIndex",
    "Picture",
    "Repertoire",
    "Verification",
    "__version__",
    "codes",
    "convert",
    "diff_tables",
    "erase",
    "errors",
    "explain",
    "impact",
    "layout",
    "load_charset",
    "load_repertoire",
    "names",
    "reverse",
    "scan",
    "shape",
    "shrink",
    "unshrink",
    "verify",
]
_HOMES = {
    "Charset": "gaiji.codes.charset",
    "Decoded": "gaiji.model",
    "DecodedColumn": "gaiji.codes.column",
    "EncodedColumn": "gaiji.codes.column",
    "Finding": "gaiji.model",
    "GaijiError": "gaiji.errors",
    "Glyph": "gaiji.model",
    "Manifest": "gaiji.run.manifest",
    "NameIndex": "gaiji.names.searching",
    "Picture": "gaiji.model",
    "Repertoire": "gaiji.standard.repertoire",
    "Verification": "gaiji.proof.verify",
    "convert": "gaiji.run.convert",
    "diff_tables": "gaiji.reports.diff",
    "erase": "gaiji.run.erase",
    "explain": "gaiji.reports.explain",
    "impact": "gaiji.reports.diff",
    "load_charset": "gaiji.codes.charset",
    "load_repertoire": "gaiji.standard.repertoire",
    "reverse": "gaiji.run.reverse",
    "scan": "gaiji.run.convert",
    "shrink": "gaiji.shrinking.shrinker",
    "unshrink": "gaiji.shrinking.shrinker",
    "verify": "gaiji.proof.verify",
}
"""Public name → the module that has it; a test holds this equal to what type checkers are told."""


if not TYPE_CHECKING:  # a type checker that saw this would take every misspelling for a name

    def __getattr__(name: str) -> Any:
        """A public name, when it is first used."""
        if name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        elif name in __all__:
            value = import_module(f"gaiji.{name}")
        else:
            raise AttributeError(f"module 'gaiji' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
