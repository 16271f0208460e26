"""Writes docs/job-file.md from the keys in ``gaiji.run.job``; ``test_job`` holds the two equal."""

from __future__ import annotations

import json
from pathlib import Path

from gaiji.run.columns import KEYS as COLUMNS
from gaiji.run.columns import VALUES
from gaiji.run.job import KEYS
from gaiji.run.rules import KEYS as RULES

HEAD = """# The job file

Made by `python tests/make_job_docs.py` from the keys that the program knows; a test holds the two equal. `gaiji init` writes a
commented job, `gaiji convert JOB.toml` runs it, `--set section.key=value` overrides a key. Unknown keys are errors.

```toml
[source]
path = "juki.dat"
charset = "fujitsu-jef-ebcdik"
format = "fixed"
record_length = 400
layout = "juki.cpy"
tables = ["site/sample-city.tsv"]

[output]
path = "out/juki.csv"
```

Instead of a layout, or beside it to change a type or role, fields may stand in the job as `[[field]]` tables (see layouts.md).
Paths are relative to the job file. Beside the output come `review.sqlite`, `OUTPUT.manifest.json` and, when records were set aside,
`OUTPUT.bad-records.bin` with its index `OUTPUT.bad-records.tsv`. `OUTPUT` is the whole name of the output (`juki.csv.manifest.json`), so
that jobs with outputs in one folder leave each other's files alone; where records go to standard output it is the name of the job file.

A text, zoned or packed field that is low-values or blanks throughout is empty: its cell is empty, it is no finding, and the manifest
counts it (`empty` of the field: `low-values`, `blanks`). Binary zero is the number 0. `unsigned` counts numbers of signed fields that were
written without a sign. Control characters in names and addresses are findings (`illegal`) and never come out. A number that is none, or
that its record cuts off, is `bad-number`: its cell is empty.

## Whose each byte is

`bytes` of the manifest has an owner for every byte of the input (unpacked), and exactly one. The sums in `owners` are the size
(`unpacked`); where they were not, the run would end with an error and without a manifest.

| owner | bytes |
|---|---|
| `text`, `numbers`, `raw` | of fields of that kind, with the padding inside them; where fields share bytes, of the first that takes them |
| `descriptors`, `line-ends`, `byte-order-mark`, `end-mark` | around records: RDW and BDW, LF and CR LF, the 1A with which DOS ends a text |
| `delimiters`, `quotes`, `header` | of a CSV |
| `padding` | outside of fields (in gaps, behind the last field): blanks of the charset, narrow and wide, or low-values, and nothing else |
| `filler` | FILLER of a copybook, `type = "filler"` of a layout; `filler` beside `owners` counts what in it is no padding |
| `skipped`, `quarantined` | records that are left out, or set aside |
| `uncovered` | outside of fields, and not padding: a finding, with its first record and byte under `flagged` |

A gap of a record, or what is behind its last field, is padding throughout or uncovered throughout. A record of `vb` or `lines` that
ends before its last field does is `short-record`; `shortest` here, or in a TOML layout, says from how many bytes on it is none (a tail that the
host cut off); `short_records` counts them all. Both are about places, not codes: they set the exit code 3, and nothing of them waits in the queue.
"""
POLICIES = """
A policy is one of `geta` (〓 in its place), `keep` (the text that the table has), `pua` (a private use character), `tag`
(`{JEF:80A1}`), `drop-record` (the record is left out and counted) and `fail` (the run ends there). `bad-value` and `overflow` are of
columns where the job has its own ([output.md](output.md)): `bad-value` puts 〓, or with `keep` what stands in the source, in the place
of the whole cell; what is too long, or missing, stays as it is.
"""


def document() -> str:
    """The whole page."""
    out = [HEAD]
    for section, keys in KEYS.items():
        out.append(f"\n## [{section}]\n" + (POLICIES if section == "policy" else ""))
        out.append("\n| key | default | means |\n|---|---|---|\n")
        for key, rule in keys.items():
            default = (
                "required" if rule.default is None else f"`{json.dumps(rule.default, ensure_ascii=False)}`"
            )
            values = (
                f" ({', '.join(f'`{v}`' for v in rule.values)})"
                if rule.values and section != "policy"
                else ""
            )
            out.append(f"| `{key}` | {default} | {rule.what}{values} |\n")
        out += _columns() if section == "output" else []
    out.append(
        "\n## [[record]]\n\nTypes of record, each with its layout and output: [record-types.md](record-types.md).\n"
    )
    out.append("\n| key | means |\n|---|---|\n")
    out += [f"| `{key}` | {what} |\n" for key, (_, what) in RULES.items()]
    return "".join(out)


def _columns() -> list[str]:
    """The keys of a column."""
    out = ["\n### [[output.column]]\n\nColumns of its own, in order: [output.md](output.md).\n"]
    out.append("\n| key | means |\n|---|---|\n")
    for key, (_, what) in COLUMNS.items():
        values = f" ({', '.join(f'`{value}`' for value in VALUES[key])})" if key in VALUES else ""
        out.append(f"| `{key}` | {what}{values} |\n")
    return out


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "job-file.md").write_text(document(), "utf-8")
