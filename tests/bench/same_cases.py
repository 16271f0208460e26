"""What every case of ``tests/cases`` decodes to with the gaiji that is on the path: for ``same_outputs.py``, so it loads nothing else of this checkout."""

from __future__ import annotations

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import gaiji


def cases() -> None:
    """What every case decodes to, a line of JSON each."""
    with tempfile.TemporaryDirectory() as place:
        for path in sorted((Path(__file__).parents[1] / "cases").glob("*.toml")):
            for case in tomllib.loads(path.read_text("utf-8"))["case"]:
                if "layout" in case:
                    continue  # its job is a test of its own; the samples' jobs go the same way
                tables = []
                for number, rows in enumerate(case.get("tables", [])):
                    tables.append(Path(place) / f"{number}.tsv")
                    rows = ["code\tucs\tglyph\tflag\tnote\treplaces", *rows]
                    tables[-1].write_text("\n".join(rows) + "\n", "utf-8")
                print(json.dumps(decoded(case, tables), ensure_ascii=True))


def decoded(case: dict[str, Any], tables: list[Path]) -> list[Any]:
    """A case's name with its text, glyphs, codes and findings, or the error."""
    how = {key: case[key] for key in ("type", "role", "form") if key in case}
    try:
        charset = gaiji.load_charset(case["charset"], tables, options=case.get("options", {}))
        made = charset.decode(bytes.fromhex(case["hex"]), **how)
    except Exception as error:
        return [case["name"], repr(error)]
    found = [[one.reason, one.code, one.offset] for one in made.findings]
    return [case["name"], made.text, list(made.glyphs), list(made.codes), found]


if __name__ == "__main__":
    cases()
