"""The commands of the proof: verify, and what explains it. Parse, one public call, print."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gaiji.cli_options import overrides

_settings = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of the job file; repeatable."
)


@click.command()
@click.argument("job", type=click.Path())
@_settings
@click.option("--threads", default=0, show_default=True, help="Worker threads (0: one a core).")
@click.option("--names", is_flag=True, help="Put the characters of changed fields into the report, not their places only.")
def verify(job: str, settings: tuple[str, ...], threads: int, names: bool) -> None:
    """Prove a conversion: encode the output back and compare it with the original, byte for byte.

    Writes verify.json and verify.html (one page, to be signed) beside the output. Exit codes: 0 proved;
    3 proved, flagged characters wait for review; 1 something is changed or missing.
    """
    from gaiji.verify import verify as run

    done = run(job, overrides=overrides(settings), threads=threads, names=names)
    data = done.data
    click.echo(f"{data['records']['compared']} of {data['records']['read']} records compared with {data['output']['path']}")
    click.echo("fields: " + ", ".join(f"{count} {name}" for name, count in data["cells"].items()))
    for change in data["changed"][:20]:
        where = f"record {change['record']} field {change['field']} character {change['position'] + 1}"
        click.echo(f"changed: {where}" + (f" (code {change['code']})" if change["code"] else ""))
    if done.changed > 20:
        click.echo(f"and {done.changed - 20} more (verify.json)")
    for check in data["checks"]:
        if not check["holds"]:
            click.echo(f"does not hold: {check['check']}: {check['found']} where {check['expected']} is expected")
    folder = Path(job).parent / Path(data["output"]["path"]).parent
    click.echo(f"{'it holds' if done.holds else 'IT DOES NOT HOLD'}; report: {folder / 'verify.html'}")
    sys.exit(done.exit_code)


COMMANDS = (verify,)
