"""The commands of the proof: verify, and what explains it. Parse, one public call, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gaiji.cli.options import check_engine, engine_options, log_option, overrides, place_line
from gaiji.errors.messages import tr

if TYPE_CHECKING:
    from gaiji.proof.verify import Verification

_settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the job file; repeatable.",
)


@click.command()
@click.argument("job", type=click.Path())
@_settings
@click.option("--threads", default=0, show_default=True, help="Worker threads (0: one a core).")
@log_option
@click.option(
    "--names",
    is_flag=True,
    help="Put the characters of changed fields into the report, not their places only.",
)
@engine_options("This process, or Spark: an output in parts, each by itself.", partitions=False)
def verify(job: str, settings: tuple[str, ...], threads: int, names: bool, engine: str, master: str) -> None:
    """Prove a conversion: encode the output back and compare it with the original, byte for byte.

    Writes OUTPUT.verify.json and OUTPUT.verify.html (one page, to be signed) beside the output. Exit
    codes: 0 proved; 3 proved, flagged characters wait for review or bytes are in no field; 1 something is
    changed or missing.
    """
    from gaiji.run.manifest import verify_paths

    if check_engine(engine, master, 0, {"--threads": bool(threads)}):
        from gaiji.spark import verify as there

        done = there(job, overrides=overrides(settings), master=master, names=names)
    else:
        from gaiji.proof.verify import verify as run

        done = run(job, overrides=overrides(settings), threads=threads, names=names)
    _print(done, verify_paths(Path(job).parent / done.data["output"]["path"]))
    sys.exit(done.exit_code)


def _print(done: Verification, files: tuple[Path, Path]) -> None:
    """What was found, and the files that have all of it."""
    data, (report, shown) = done.data, files
    click.echo(
        tr(
            "{compared} of {read} records compared with {path}",
            compared=data["records"]["compared"],
            read=data["records"]["read"],
            path=data["output"]["path"],
        )
    )
    for name, told in data.get("types", {}).items():
        compared, where = told["records"]["compared"], told["output"]["path"]
        click.echo(
            tr("{name}: {compared} records compared with {where}", name=name, compared=compared, where=where)
        )
    click.echo(tr("fields: ") + ", ".join(f"{count} {name}" for name, count in data["cells"].items()))
    for change in data["changed"][:20]:
        where = tr(
            "record {record} field {field} character {position}",
            record=change["record"],
            field=change["field"],
            position=change["position"] + 1,
        )
        click.echo(
            tr("changed: {where}", where=where)
            + (tr(" (code {code})", code=change["code"]) if change["code"] else "")
        )
    if done.changed > 20:
        click.echo(tr("and {changed} more ({told})", changed=done.changed - 20, told=report))
    for check in data["checks"]:
        if not check["holds"]:
            click.echo(
                tr(
                    "does not hold: {check}: {found} where {expected} is expected",
                    check=check["check"],
                    found=check["found"],
                    expected=check["expected"],
                )
            )
    for reason, told in data["flagged_bytes"].items():
        click.echo(place_line(reason, told))
    click.echo(
        tr(
            "{holds}; report: {shown}",
            holds=tr("it holds") if done.holds else tr("IT DOES NOT HOLD"),
            shown=shown,
        )
    )


@click.command()
@click.argument("job", type=click.Path())
@click.option(
    "--record", required=True, type=click.IntRange(min=1), help="Number of the record in the input, from 1."
)
@click.option("--field", default="", help="One field only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_settings
def explain(job: str, record: int, field: str, as_json: bool, settings: tuple[str, ...]) -> None:
    """Tell where each byte of a record went: code, text, glyph, and the layer, file and line that decided it.

    Prints personal data.
    """
    import json

    from gaiji.reports.explain import explain as run

    parts = run(job, record, field=field, overrides=overrides(settings))
    if as_json:
        click.echo(json.dumps(parts, ensure_ascii=False, indent=2))
        return
    shown = ""
    if parts and "type" in parts[0]:
        click.echo(tr("record type {name}", name=parts[0]["type"]))
    for part in parts:
        if part["field"] != shown:
            shown = part["field"]
            click.echo(f"{shown}:")
        where = f"{Path(part['file']).name}:{part['line']}" if part["line"] else Path(part["file"]).name
        grade = f"grade {part['grade']}" if part.get("grade") else ""
        reason, note = part.get("reason", ""), part.get("note", "")
        told = [part["kind"], part["text"], part["glyph"], reason, part["layer"], where, grade, note]
        click.echo(f"{part['offset']:>5}  {part['bytes']:<10} {'  '.join(word for word in told if word)}")
        if made := part.get("correction"):
            click.echo(
                tr(
                    "       restored as {text} by {decided_by} from {evidence}  {file}:{line}",
                    text=made["text"],
                    decided_by=made["decided_by"],
                    evidence=made["evidence"],
                    file=made["file"],
                    line=made["line"],
                )
            )


@click.command("diff-tables")
@click.argument("old")
@click.argument("new")
@click.option("--decimal", is_flag=True, help="The codes of the files are decimal numbers (koseki, touki).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff_tables(old: str, new: str, decimal: bool, as_json: bool) -> None:
    """Compare two tables: files, ids of shipped tables, or two imported GJ releases."""
    import json

    from gaiji.reports.diff import diff_tables as run

    rows = run(old, new, decimal=decimal)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['change']:8} {row['code']:10} {_meaning(row['old'])} -> {_meaning(row['new'])}")
    click.echo(tr("{count} rows differ", count=len(rows)))


@click.command()
@click.argument("job", type=click.Path())
@click.option(
    "--table", "tables", multiple=True, help="A site table to come, instead of the job's; repeatable."
)
@click.option(
    "--old-table",
    "old_tables",
    multiple=True,
    help="A site table as it was, where the job's was edited; repeatable.",
)
@click.option("--gj", default="", help="The GJ release to come (imported, not yet in use).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_settings
def impact(
    job: str,
    tables: tuple[str, ...],
    old_tables: tuple[str, ...],
    gj: str,
    as_json: bool,
    settings: tuple[str, ...],
) -> None:
    """Say which codes and how many records of a job's input would change with other tables. Writes
    nothing."""
    import json

    from gaiji.reports.diff import impact as run

    found = run(
        job, tables=tables or None, old_tables=old_tables or None, gj=gj, overrides=overrides(settings)
    )
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for row in found["codes"]:
        click.echo(
            f"{row['code']:8} {row['occurrences']:>10}  {_meaning(row['old'])} -> {_meaning(row['new'])}"
        )
    for name, count in found["fields"].items():
        click.echo(tr("{name}: {count} records", name=name, count=count))
    click.echo(
        tr(
            "{count} codes differ; {changed} of {read} records would change",
            count=len(found["codes"]),
            changed=found["records"]["changed"],
            read=found["records"]["read"],
        )
    )


def _meaning(row: dict[str, object] | None) -> str:
    """A row's value in short."""
    return " ".join(str(row[key]) for key in ("glyph", "ucs", "reason") if row.get(key)) if row else "(none)"


COMMANDS = (verify, explain, diff_tables, impact)
