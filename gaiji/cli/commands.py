"""The command line: parse, make one public call, print. Exit codes: 0 done, 3 review waits, 1 failed, 2
usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gaiji import __version__
from gaiji.cli.groups import Group, translate
from gaiji.cli.options import check_engine, engine_options, left_lines, log_option, place_line
from gaiji.cli.options import overrides as _overrides
from gaiji.cli.types import column_lines, doubt_line, print_reversal, print_types
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr, translated

if TYPE_CHECKING:
    from gaiji.run.manifest import Manifest


ROOMS = {
    "database": ("db",),
    "glyphs": ("charset", "lookup", "repertoire", "glyph"),
    "people": ("shrink", "unshrink", "match", "search"),
    "proof": ("verify", "explain", "diff-tables", "impact"),
    "reports": ("erase", "report"),
    "residents": ("contradictions", "identity"),
    "review": ("review",),
    "tables": ("tables",),
    "town": ("init", "run", "status", "compare"),
}
"""The commands that are not in this module, by the module that has them."""


class OneLine(Group):
    """Turns the toolkit's errors, and those of the system, into one line and their exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Wrong usage is one line too, like every error."""
        run: Any = super().main
        if translated():
            translate(self)
        if not kwargs.pop("standalone_mode", True):
            return run(*args, **kwargs, standalone_mode=False)
        try:
            sys.exit(run(*args, **kwargs, standalone_mode=False) or 0)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "gaiji"
            what = fault("E0007", "wrong usage: {message}", message=_one_line(error).rstrip("."))
            self.say(error, GaijiError(what, next=tr("see {command} --help", command=command)), 2)
        except click.ClickException as error:
            what = fault("E0008", "cannot go on: {message}", message=_one_line(error))
            self.say(error, GaijiError(what), error.exit_code)
        except click.Abort as error:
            self.say(error, GaijiError(fault("E0009", "stopped")), 1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GaijiError as error:
            self.say(error, error, error.exit_code)
        except BrokenPipeError:
            sys.exit(1)
        except OSError as error:
            what = fault("E0010", "cannot be used: {reason}", reason=error.strerror or error)
            where = str(error.filename or tr("input or output"))
            self.say(error, GaijiError(what, where=where, next=tr("check the path")), 1)
        except MemoryError as error:
            what = fault("E0011", "there is not enough memory")
            self.say(error, GaijiError(what, next=tr("run with --threads 1")), 1)
        except RuntimeError as error:
            if "start new thread" not in str(error):
                raise
            what = fault("E0012", "the system gives no more threads")
            self.say(error, GaijiError(what, next=tr("raise the limit on processes or memory")), 1)

    @staticmethod
    def say(error: Exception, shown: GaijiError, code: int) -> NoReturn:
        """An error as its line, or as an event where events are asked for; ends the process."""
        from gaiji.disk.apart import STANDARD_ERROR
        from gaiji.log import event, logs_json

        if isinstance(error, GaijiError) and error.where == STANDARD_ERROR:
            _turn_away_errors()
        if logs_json():
            facts = {"kind": type(error).__name__, "number": shown.number, "where": shown.where}
            event("error", {**facts, "what": shown.what, "next": shown.next, "exit": code}, level=40)
        else:
            click.echo(f"gaiji: {shown}", err=True)
        sys.exit(code)


def _one_line(error: click.ClickException) -> str:
    return " ".join(error.format_message().split())


def _turn_away_errors() -> None:
    """Send what is written to standard error to standard output, or nowhere where that is the same file."""
    same = os.path.samestat(os.fstat(1), os.fstat(2))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere if same else 1, 2)
    os.close(nowhere)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from gaiji.kernel import decode as kernel

        click.echo(
            tr(
                "gaiji {version} (kernel {compiled})",
                version=__version__,
                compiled=tr("compiled") if kernel.compiled() else tr("interpreted"),
            )
        )
        ctx.exit()


@click.group(cls=OneLine, rooms=ROOMS, context_settings={"help_option_names": ["-h", "--help"]})
@log_option
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Version and kernel.",
)
def main() -> None:
    """Move municipal name data out of vendor character codes into 行政事務標準文字.

    Exit codes: 0 done, nothing is flagged or set aside; 3 done, something waits; 1 failed; 2 wrong usage.
    """


# -- the main job -----------------------------------------------------------------------------------


class ConvertCommand(click.Command):
    """``convert``, whose help lists every key that --set can override."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from gaiji.run.job import KEYS

        for section, keys in KEYS.items():
            with formatter.section(tr("Keys of [{section}] for --set {section}.KEY=VALUE", section=section)):
                formatter.write_dl(
                    [
                        (key, tr(rule.what) + (f" ({' | '.join(rule.values)})" if rule.values else ""))
                        for key, rule in keys.items()
                    ]
                )


@main.command(cls=ConvertCommand)
@click.argument("job", type=click.Path())
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the job file; repeatable.",
)
@click.option(
    "--threads",
    default=0,
    show_default=True,
    help="Worker threads (0: one a core); the output does not depend on it.",
)
@log_option
@click.option("--resume", is_flag=True, help="Go on where an interrupted run of this job left off.")
@click.option(
    "--reverse",
    "backward",
    is_flag=True,
    help="The way back: the job's output to vendor bytes, in the input's format.",
)
@click.option(
    "--output",
    default="",
    help="With --reverse: where to (default: beside the job's output, named after it).",
)
@engine_options("This process, or Spark; outputs are folders of parts there.", partitions=True)
def convert(
    job: str,
    settings: tuple[str, ...],
    threads: int,
    resume: bool,
    backward: bool,
    output: str,
    engine: str,
    master: str,
    partitions: int,
) -> None:
    """Convert a dump as a job file says."""
    if check_engine(engine, master, partitions, {"--resume": resume, "--reverse": backward}):
        from gaiji.spark import convert as convert_there

        made = convert_there(job, overrides=_overrides(settings), master=master, partitions=partitions)
        _print_manifest(made.data, Path(job).parent)
        _print_before(made)
        sys.exit(made.exit_code)
    if backward:
        if resume:
            raise UsageError(
                fault("E0014", "--resume does not go with --reverse"),
                next=tr("run the way back from its start"),
            )
        from gaiji.run.reverse import reverse

        done = reverse(job, output, overrides=_overrides(settings))
        print_reversal(done.data)
        sys.exit(done.exit_code)
    if output:
        raise UsageError(
            fault("E0015", "--output goes with --reverse"),
            next=tr("the job file says where the output of a conversion goes"),
        )
    from gaiji.run.convert import convert as run

    going_on = resume and _interrupted(job, settings)
    try:
        manifest = run(job, overrides=_overrides(settings), threads=threads, progress=True, resume=resume)
    except KeyboardInterrupt:
        if not _interrupted(job, settings):
            raise
        raise GaijiError(
            fault("E0016", "stopped"), next=tr("gaiji convert --resume goes on from here")
        ) from None
    if resume:
        click.echo(
            tr("went on from a checkpoint")
            if going_on
            else tr("there was no checkpoint: started at the first record"),
            err=True,
        )
    _print_manifest(manifest.data, Path(job).parent)
    _print_before(manifest)
    sys.exit(manifest.exit_code)


def _print_before(manifest: Manifest) -> None:
    """The official lists that the output before was made with, where they were others."""
    if manifest.before:
        from gaiji.run.manifest import lists_line, lists_told

        now = lists_line(lists_told(manifest.data))
        click.echo(
            tr("made with {now}; the output before with {before}", now=now, before=manifest.before), err=True
        )


def _interrupted(job: str, settings: tuple[str, ...]) -> bool:
    """Whether a run of the job left something to go on with."""
    from gaiji.run.checkpoint import checkpoint_path
    from gaiji.run.job import load_job

    return checkpoint_path(load_job(job, _overrides(settings)).output_path).exists()


def _flagged_line(reason: str, told: Mapping[str, Any]) -> str:
    """One reason of findings: how many units, records and fields, which, and where the first is."""
    if not told["fields"]:
        return place_line(reason, told)
    names = [f"{name} ({count})" for name, count in told["fields"].items()]
    more = [f"{len(names) - 5} more"] if len(names) > 5 else []
    first = told["first"]
    return tr(
        "{reason}: {units} in {records} records, {count} fields: {names}; first in "
        "record {record}, field {field}, byte {offset}",
        reason=reason,
        units=told["units"],
        records=told["records"],
        count=len(names),
        names=", ".join(names[:5] + more),
        record=first["record"],
        field=first["field"],
        offset=first["offset"],
    )


def _filler_lines(data: Mapping[str, Any]) -> list[str]:
    """What stands in FILLER, where something does."""
    filler = data["bytes"]["filler"]
    if not filler["records"]:
        return []
    return [
        tr(
            "FILLER that is not blank: {bytes} bytes in {records} records",
            bytes=filler["bytes"],
            records=filler["records"],
        )
    ]


def _restored_lines(data: Mapping[str, Any]) -> list[str]:
    """What people restored at single places, where a table says so."""
    done = data.get("corrections")
    if not done:
        return []
    absent = tr("{absent} of its rows are about no record of the input", absent=done["absent"])
    told = tr("{applied} places restored by {file}", applied=done["applied"], file=done["file"])
    return [told, *([absent] if done["absent"] else [])]


def _print_manifest(data: dict[str, Any], base: Path) -> None:
    from gaiji.records.quarantine import quarantine_paths
    from gaiji.run.manifest import manifest_path

    records, output = data["records"], base / data["output"]["path"]
    piped = data["output"]["path"] == "-"  # the records went to standard output, so this goes elsewhere

    def echo(line: str) -> None:
        click.echo(line, err=piped)

    where = "standard output" if piped else output
    named = base / data["job"]["path"] if piped else output
    if "types" in data:
        print_types(data, base, echo)
    else:
        echo(
            tr(
                "{written} of {read} records written to {where}",
                written=records["written"],
                read=records["read"],
                where=where,
            )
        )
    if records["quarantined"]:
        echo(
            tr(
                "{quarantined} records could not be cut and stand in {value}",
                quarantined=records["quarantined"],
                value=quarantine_paths(named)[0],
            )
        )
    if records["dropped"]:
        echo(tr("{dropped} records dropped by policy", dropped=records["dropped"]))
    if data["shrink"]:
        names = ", ".join(file["path"] for file in data["shrink"]["files"])
        echo(tr("written for {to} too, with the way back: {names}", to=data["shrink"]["to"], names=names))
    waiting, queue = data["review"]["waiting"], data["review"]["queue"]
    if "://" not in queue:
        queue = output.parent / queue if queue == "review.sqlite" else base / queue
    for reason, told in data["flagged"].items():
        echo(_flagged_line(reason, told))
    for line in (*_filler_lines(data), *column_lines(data)):
        echo(line)
    for doubt in data.get("doubts", ()):
        echo(doubt_line(doubt))
    for line in _restored_lines(data):
        echo(line)
    echo(tr("{waiting} codes wait for review in {queue}", waiting=waiting, queue=queue))
    for line in left_lines(data["review"].get("pictures_left", ())):
        echo(line)
    if not data["review"]["as_decided"]:
        echo(
            tr(
                "the table of decisions is not what the queue says now: "
                "run gaiji review apply, then convert again"
            )
        )
    for name, rows in data["individual_numbers"].items():
        echo(tr("field {name}: {rows} records hold what has the form of a 個人番号", name=name, rows=rows))
    echo(tr("manifest: {value}", value=manifest_path(named)))


@main.command()
@click.argument("file", type=click.Path())
@click.option("--charset", required=True, help="Charset of the dump.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["fixed", "vb", "lines", "csv"]),
    default="fixed",
    show_default=True,
)
@click.option("--record-length", default=0, help="Bytes of a fixed record.")
@click.option("--layout", default="", help="A copybook or TOML layout; without one each record is one field.")
@click.option("--types", default="", help="A job file whose [[record]] tables tell the record types apart.")
@click.option("--table", "tables", multiple=True, help="A site table; repeatable.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any other key of [source], e.g. blocked=true.",
)
@click.option("--json", "json_path", default="", help="Write the whole report here (- for standard output).")
def scan(
    file: str,
    charset: str,
    format_: str,
    record_length: int,
    layout: str,
    types: str,
    tables: tuple[str, ...],
    settings: tuple[str, ...],
    json_path: str,
) -> None:
    """What is in a dump: records, units per field, codes outside the tables. Writes no data."""
    import json

    from gaiji.run.convert import scan as run

    source = _overrides(settings) | {
        "format": format_,
        "record_length": record_length,
        "tables": list(tables),
    }
    piped = json_path == "-"
    report = run(file, charset, layout=layout, types=types, report_to="" if piped else json_path, **source)
    if piped:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    _print_scan(report)


def _print_scan(report: dict[str, Any]) -> None:
    click.echo(
        tr(
            "{read} records, {bytes} bytes, charset {name}",
            read=report["records"]["read"],
            bytes=report["input"]["bytes"],
            name=report["charset"]["name"],
        )
    )
    for name, told in report.get("types", {}).items():
        click.echo(
            tr(
                "{name}: {read} records, {bytes} bytes",
                name=name,
                read=told["records"]["read"],
                bytes=told["bytes"],
            )
        )
    click.echo(f"{'field':24}{'units':>12}{'mapped':>12}{'flagged':>10}{'coverage':>10}")
    for name, counts in report["fields"].items():
        flagged = sum(counts["flagged"].values())
        share = 1 - flagged / counts["units"] if counts["units"] else 1.0
        click.echo(f"{name[:24]:24}{counts['units']:>12}{counts['mapped']:>12}{flagged:>10}{share:>10.3%}")
    worst = sorted(report["findings"], key=lambda f: (-f["count"], f["code"]))
    for finding in worst[:20]:
        click.echo(
            f"  {finding['reason']:20} {finding['code']:10} {finding['count']:>10}  {finding['field']}"
        )
    if len(worst) > 20:
        click.echo(tr("  and {count} more (--json lists all)", count=len(worst) - 20))
    for reason, told in report["flagged"].items():
        if not told["fields"]:
            click.echo(place_line(reason, told))
    for line in _filler_lines(report):
        click.echo(line)
    for doubt in report["doubts"]:
        click.echo(doubt_line(doubt))


@main.command()
@click.argument("folder", default="gaiji-demo", type=click.Path())
def demo(folder: str) -> None:
    """Convert the three sample dumps of made-up people in FOLDER (made anew from the package)."""
    from gaiji.cli.demo import run_demo

    for line in run_demo(Path(folder)):
        click.echo(line)
