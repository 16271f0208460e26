"""The commented job file that ``gaiji init`` writes: every key, those at their default commented out."""

from __future__ import annotations

import json
from typing import Any

from gaiji.errors.messages import tr
from gaiji.run.job import KEYS
from gaiji.run.keys import shown_values

COLUMNS = (
    "",
    "# Columns of its own in place of the fields, in order (docs/output.md): one table for each.",
    "# [[output.column]]",
    '# name = "氏名"',
    '# join = ["shi", "mei"]',
    '# separator = "　"',
    "# [[output.column]]",
    '# name = "氏"',
    '# field = "shimei"',
    '# split = "　"',
    "# part = 1",
    "# of = 2",
    "# [[output.column]]",
    '# name = "生年月日"',
    '# field = "birth"',
    '# date = "wareki"      # wareki | seireki | either',
    '# special = { "0000000" = "" }',
    "# [[output.column]]",
    '# name = "性別"',
    '# field = "sex"',
    '# codes = "codes/sex.csv"      # columns old, new',
    "# [[output.column]]",
    '# name = "団体コード"',
    '# constant = "000000"',
)


def template(*, path: str, charset: str, format: str, layout: str, record_length: int, output: str) -> str:
    """A commented job file with every key; those left at their default are commented out."""
    chosen = {
        "source.path": path,
        "source.charset": charset,
        "source.format": format,
        "source.layout": layout,
        "source.record_length": record_length,
        "output.path": output,
    }
    lines = ["# A gaiji job. Run it with: gaiji convert THIS-FILE", ""]
    for section, keys in KEYS.items():
        lines.append(f"[{section}]")
        for key, rule in keys.items():
            value = chosen.get(f"{section}.{key}") or None
            lines.append(f"# {tr(rule.what)}{shown_values(rule)}")
            lines.append(
                f"{key} = {_toml(value)}" if value is not None else f"# {key} = {_toml(rule.default)}"
            )
        lines += [*(COLUMNS if section == "output" else ()), ""]
    lines += [
        "# Fields where there is no layout file: offset and length in bytes, from 0.",
        "# [[field]]",
        '# name = "name"',
        "# offset = 40",
        "# length = 40",
        '# type = "dbcs"      # mixed | dbcs | sbcs | zoned | packed | binary | raw',
        '# role = "name"      # name | kana | address | other',
        "",
    ]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
        )
    return json.dumps(value or "", ensure_ascii=False)
