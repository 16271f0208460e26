"""The command line: parse, make one public call, print. Exit codes: 0 done, 3 review waits, 1 failed, 2
usage.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from gaiji import __version__
from gaiji.cli.database import db
from gaiji.cli.options import log_option
from gaiji.cli.options import overrides as _overrides
from gaiji.cli.people import COMMANDS as PEOPLE_COMMANDS
from gaiji.cli.proof import COMMANDS
from gaiji.cli.reports import report
from gaiji.cli.review import review
from gaiji.errors import GaijiError, UsageError


class OneLine(click.Group):
    """Turns the toolkit's errors, and those of the system, into one line and their exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Wrong usage is one line too, like every error."""
        run: Any = super().main
        if not kwargs.pop("standalone_mode", True):
            return run(*args, **kwargs, standalone_mode=False)
        try:
            sys.exit(run(*args, **kwargs, standalone_mode=False) or 0)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "gaiji"
            message = " ".join(error.format_message().split()).rstrip(".")
            self.say(error, f"gaiji: {message}; see {command} --help", 2)
        except click.ClickException as error:
            self.say(error, f"gaiji: {' '.join(error.format_message().split())}", error.exit_code)
        except click.Abort as error:
            self.say(error, "gaiji: stopped", 1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GaijiError as error:
            self.say(error, f"gaiji: {error}", error.exit_code)
        except BrokenPipeError:
            sys.exit(1)
        except OSError as error:
            self.say(
                error,
                f"gaiji: {error.filename or 'input or output'}: {error.strerror or error}; check the path",
                1,
            )
        except MemoryError as error:
            self.say(error, "gaiji: there is not enough memory; run with --threads 1", 1)
        except RuntimeError as error:
            if "start new thread" not in str(error):
                raise
            self.say(
                error, "gaiji: the system gives no more threads; raise the limit on processes or memory", 1
            )

    @staticmethod
    def say(error: Exception, line: str, code: int) -> NoReturn:
        """An error as its line, or as an event where events are asked for; ends the process."""
        from gaiji.disk.apart import STANDARD_ERROR
        from gaiji.log import event, logs_json

        if isinstance(error, GaijiError) and error.where == STANDARD_ERROR:
            _turn_away_errors()
        if logs_json():
            known = (
                {"where": error.where, "what": error.what, "next": error.next}
                if isinstance(error, GaijiError)
                else {}
            )
            event(
                "error", {"kind": type(error).__name__, **(known or {"what": line}), "exit": code}, level=40
            )
        else:
            click.echo(line, err=True)
        sys.exit(code)


def _turn_away_errors() -> None:
    """Send what is written to standard error to standard output, or nowhere where that is the same file."""
    same = os.path.samestat(os.fstat(1), os.fstat(2))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere if same else 1, 2)
    os.close(nowhere)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from gaiji.kernel import decode as kernel

        click.echo(f"gaiji {__version__} (kernel {'compiled' if kernel.compiled() else 'interpreted'})")
        ctx.exit()


@click.group(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
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

    Exit codes: 0 done, nothing to review; 3 done, glyphs wait for review; 1 failed; 2 wrong usage.
    """


for _command in (*COMMANDS, *PEOPLE_COMMANDS, db, report, review):
    main.add_command(_command)


# -- the main job -----------------------------------------------------------------------------------


class ConvertCommand(click.Command):
    """``convert``, whose help lists every key that --set can override."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from gaiji.run.job import KEYS

        for section, keys in KEYS.items():
            with formatter.section(f"Keys of [{section}] for --set {section}.KEY=VALUE"):
                formatter.write_dl(
                    [
                        (key, rule.what + (f" ({' | '.join(rule.values)})" if rule.values else ""))
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
    "--output", default="", help="With --reverse: where to (default: reversed-NAME beside the job's output)."
)
def convert(
    job: str, settings: tuple[str, ...], threads: int, resume: bool, backward: bool, output: str
) -> None:
    """Convert a dump as a job file says."""
    if backward:
        if resume:
            raise UsageError("--resume does not go with --reverse", next="run the way back from its start")
        from gaiji.run.reverse import reverse

        done = reverse(job, output, overrides=_overrides(settings))
        found = sum(done.data["findings"].values())
        click.echo(
            f"{done.data['records']} records written to {done.data['output']['path']}; {found} findings "
            f"in {done.data['findings_file']['path']}"
        )
        sys.exit(done.exit_code)
    if output:
        raise UsageError(
            "--output goes with --reverse", next="the job file says where the output of a conversion goes"
        )
    from gaiji.run.convert import convert as run

    going_on = resume and _interrupted(job, settings)
    try:
        manifest = run(job, overrides=_overrides(settings), threads=threads, progress=True, resume=resume)
    except KeyboardInterrupt:
        if not _interrupted(job, settings):
            raise
        raise GaijiError("stopped", next="gaiji convert --resume goes on from here") from None
    if resume:
        click.echo(
            "went on from a checkpoint"
            if going_on
            else "there was no checkpoint: started at the first record",
            err=True,
        )
    _print_manifest(manifest.data, Path(job).parent)
    sys.exit(manifest.exit_code)


def _interrupted(job: str, settings: tuple[str, ...]) -> bool:
    """Whether a run of the job left something to go on with."""
    from gaiji.run.checkpoint import checkpoint_path
    from gaiji.run.job import load_job

    return checkpoint_path(load_job(job, _overrides(settings)).output_path).exists()


def _print_manifest(data: dict[str, Any], base: Path) -> None:
    from gaiji.records.quarantine import quarantine_paths
    from gaiji.run.manifest import manifest_path

    records, output = data["records"], base / data["output"]["path"]
    piped = data["output"]["path"] == "-"  # the records went to standard output, so this goes elsewhere

    def echo(line: str) -> None:
        click.echo(line, err=piped)

    where = "standard output" if piped else output
    named = base / data["job"]["path"] if piped else output
    echo(f"{records['written']} of {records['read']} records written to {where}")
    if records["quarantined"]:
        echo(f"{records['quarantined']} records could not be cut and stand in {quarantine_paths(named)[0]}")
    if records["dropped"]:
        echo(f"{records['dropped']} records dropped by policy")
    if data["shrink"]:
        names = ", ".join(file["path"] for file in data["shrink"]["files"])
        echo(f"written for {data['shrink']['to']} too, with the way back: {names}")
    waiting, queue = data["review"]["waiting"], data["review"]["queue"]
    if "://" not in queue:
        queue = output.parent / queue if queue == "review.sqlite" else base / queue
    echo(f"{waiting} codes wait for review in {queue}")
    echo(f"manifest: {manifest_path(named)}")


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
    report = run(file, charset, layout=layout, report_to="" if piped else json_path, **source)
    if piped:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    _print_scan(report)


def _print_scan(report: dict[str, Any]) -> None:
    click.echo(
        f"{report['records']['read']} records, {report['input']['bytes']} bytes, charset "
        f"{report['charset']['name']}"
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
        click.echo(f"  and {len(worst) - 20} more (--json lists all)")


@main.command()
@click.option("--charset", required=True, help="Charset of the dump.")
@click.option("--layout", default="", help="A copybook or TOML layout.")
@click.option("--source", default="input.dat", show_default=True, help="The dump.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["fixed", "vb", "lines", "csv"]),
    default="fixed",
    show_default=True,
)
@click.option("--record-length", default=0, help="Bytes of a fixed record.")
@click.option(
    "--output", default="out/output.csv", show_default=True, help="Where the converted records shall go."
)
@click.option(
    "--job", default="job.toml", show_default=True, help="The job file to write; never overwritten."
)
def init(
    charset: str, layout: str, source: str, format_: str, record_length: int, output: str, job: str
) -> None:
    """Write a commented job file."""
    from gaiji.codes.spec import load_spec
    from gaiji.run.job import template

    load_spec(charset)
    text = template(
        path=source,
        charset=charset,
        format=format_,
        layout=layout,
        record_length=record_length,
        output=output,
    )
    try:
        with Path(job).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError("is there already", where=job, next="give another name with --job") from None
    click.echo(f"{job} written; run it with: gaiji convert {job}")


@main.command()
@click.argument("folder", default="gaiji-demo", type=click.Path())
def demo(folder: str) -> None:
    """Convert the three sample dumps of made-up people in FOLDER (made anew from the package)."""
    from gaiji.cli.demo import run_demo

    for line in run_demo(Path(folder)):
        click.echo(line)


# -- charsets and glyphs ------------------------------------------------------------------------------


@main.group()
def charset() -> None:
    """The charsets that can be read."""


@charset.command("list")
def charset_list() -> None:
    """Every charset and its title."""
    from gaiji.codes.spec import charset_names, load_spec

    for name in charset_names():
        click.echo(f"{name:24} {load_spec(name).title}")
    click.echo("Not supported: NEC's internal code (no open description of it could be found).")


@charset.command("show")
@click.argument("name")
def charset_show(name: str) -> None:
    """One charset: tables, ranges, shifts, options."""
    from gaiji.codes.charset import load_charset

    click.echo(load_charset(name).describe())


@charset.command("count")
@click.argument("prefixes", nargs=-1)
def charset_count(prefixes: tuple[str, ...]) -> None:
    """Count the rows of the shipped tables whose ids begin so (fujitsu, nec/jips-j; all without any): mapped,
    findings by kind, and by grade of evidence. What docs/charsets holds is printed by this."""
    from gaiji.codes.evidence import counts_markdown

    click.echo(counts_markdown(prefixes or ("",)), nl=False)


@charset.command("check")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every charset (also the default).")
def charset_check(names: tuple[str, ...], every: bool) -> None:
    """Load charsets with every check of their tables."""
    from gaiji.codes.check import check
    from gaiji.codes.spec import charset_names

    chosen = charset_names() if every or not names else names
    wrong = check(chosen)
    for line in wrong:
        click.echo(f"gaiji: {line}", err=True)
    if wrong:
        sys.exit(1)
    click.echo(f"{len(chosen)} charsets are clean")


@main.command()
@click.argument("query")
@click.option("--limit", default=20, show_default=True, help="Glyphs shown at most.")
def lookup(query: str, limit: int) -> None:
    """Show a glyph by character, name, number or vendor code (辻, MJ025761, J+845B, 戸籍:349920,
    jef:C4D4)."""
    from gaiji.codes.lookup import code_lines, describe
    from gaiji.codes.lookup import lookup as find

    found = find(query)
    for glyph in found[:limit]:
        click.echo(describe(glyph))
    if len(found) > limit:
        click.echo(f"and {len(found) - limit} more (--limit)")
    for line in code_lines(query):
        click.echo(line)


@main.group()
def repertoire() -> None:
    """The standard repertoire: the MJ list and your copy of the GJ list."""


@repertoire.command("import-gj")
@click.argument("font_or_list", type=click.Path())
def repertoire_import_gj(font_or_list: str) -> None:
    """Read the official GJ font (acgjm.ttf) or a CSV/XLSX list; used from then on."""
    from gaiji.standard.repertoire import import_gj

    done = import_gj(font_or_list)
    click.echo(f"{done.count} GJ glyphs imported as release {done.release}; in use now")


@repertoire.command("releases")
def repertoire_releases() -> None:
    """The GJ releases that were imported."""
    from gaiji.standard.repertoire import gj_releases

    for release in gj_releases():
        click.echo(
            f"{'*' if release.current else ' '} {release.release}  {release.count} glyphs  {release.source}"
        )


@main.group()
def glyph() -> None:
    """Glyphs by what they look like."""


@glyph.command("find")
@click.argument("files", type=click.Path(), nargs=-1, required=True)
@click.option(
    "--font",
    "fonts",
    type=click.Path(path_type=Path),
    multiple=True,
    help="IPAmj 明朝 or GJ font; repeatable.",
)
@click.option("--strokes", type=click.IntRange(1, 99), help="The number of strokes, when it was counted.")
@click.option(
    "--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="Glyphs shown at most."
)
def glyph_find(files: tuple[str, ...], fonts: tuple[Path, ...], strokes: int | None, limit: int) -> None:
    """Find the MJ or GJ glyph that picture files of one character show (PNG, BMP, GIF, TIFF).

    A proposal: somebody has to compare the glyphs. The first run builds an index of the fonts.
    """
    from gaiji.shape.find import find_glyph, lines

    answer = find_glyph(
        [Path(file) for file in files], fonts=fonts or None, strokes=strokes, limit=limit, progress=True
    )
    for line in lines(answer):
        click.echo(line)
