"""What a migration begins with and a town's commands: init, run, status. Parse, one public call, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gaiji.cli.options import log_option
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr

if TYPE_CHECKING:
    from gaiji.town.running import TownRun
    from gaiji.town.work import Done

_systems = click.option("--system", "systems", multiple=True, help="This system only; repeatable.")
_jobs = click.option(
    "--jobs", default=0, show_default=True, help="Files at a time (0: as cores and memory allow)."
)


@click.command("init")
@click.option(
    "--town",
    default="",
    metavar="FOLDER",
    help="Write a project file for the dumps in this folder instead, with guesses beside empty keys.",
)
@click.option("--charset", default="", help="Charset of the dump.")
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
    "--job",
    default="",
    help="The file to write, never overwritten (default: job.toml; town.toml with --town).",
)
@click.option(
    "--items",
    default="",
    type=click.Path(),
    help="Write instead a blank list of items for the columns of the job that --job names (.csv).",
)
def init(
    town: str,
    charset: str,
    layout: str,
    source: str,
    format_: str,
    record_length: int,
    output: str,
    job: str,
    items: str,
) -> None:
    """Write a commented job file, the project file of a town, or a blank list of items for a job's output."""
    if items:
        _init_items(job or "job.toml", items)
        return
    if town:
        _init_town(town, job or "town.toml")
        return
    from gaiji.codes.spec import load_spec
    from gaiji.run.template import template

    if not charset:
        raise UsageError(
            fault("E0767", "a job needs --charset, a town --town"), next=tr("see gaiji init --help")
        )
    job = job or "job.toml"
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
        raise UsageError(
            fault("E0017", "is there already"), where=job, next=tr("give another name with --job")
        ) from None
    click.echo(tr("{job} written; run it with: gaiji convert {job}", job=job))


def _init_items(job: str, items: str) -> None:
    """The blank list of items, and what to do with it."""
    from gaiji.run.items import blank_items

    names = blank_items(job, items)
    told = tr(
        "{items} written: {count} items; fill length, unit and required from the receiver's list, then set "
        "[output] items",
        items=items,
        count=len(names),
    )
    click.echo(told)


def _init_town(folder: str, project: str) -> None:
    """The project file of a town, and what was found for it."""
    from gaiji.town.starting import write_start

    for one in write_start(folder, project):
        names = " | ".join(one.guess.charsets) or tr("no guess")
        click.echo(
            tr(
                "{system}: {path}: {format}, {names}",
                system=one.system,
                path=one.path.as_posix(),
                format=one.guess.format,
                names=names,
            )
        )
    click.echo(tr("{project} written; answer what is empty, then: gaiji run {project}", project=project))


@click.command("run")
@click.argument("town", type=click.Path())
@_systems
@click.option("--resume", is_flag=True, help="Files that an interrupted run had begun go on where it was.")
@click.option("--dry-run", is_flag=True, help="Say what would be converted and why; write nothing.")
@click.option("--all", "every", is_flag=True, help="Convert what is as it was, too.")
@click.option("--keep", default="", metavar="NAME", help="Keep what the run made, for gaiji compare.")
@_jobs
@log_option
def run(
    town: str, systems: tuple[str, ...], resume: bool, dry_run: bool, every: bool, keep: str, jobs: int
) -> None:
    """Convert and prove all files of a town that are new or made of what is another now.

    TOWN is its project file, town.toml. What the clerks decided since the last run is taken over first. A
    file that fails does not stop the others. Writes the proof book when it runs over the whole town.
    """
    from gaiji.town.book import write_book
    from gaiji.town.project import load_town
    from gaiji.town.rehearsal import check_keep, note_run
    from gaiji.town.rehearsal import keep as keep_run
    from gaiji.town.running import run_town
    from gaiji.town.status import lines, status_of

    project = load_town(town)
    if keep and (systems or dry_run):
        raise UsageError(
            fault("E0774", "--keep is for a run over the whole town"),
            next=tr("leave --system and --dry-run out"),
        )
    if keep:
        check_keep(project, keep)
    try:
        done = run_town(
            project,
            systems=systems,
            resume=resume,
            dry_run=dry_run,
            every=every,
            jobs=jobs,
            progress=True,
            told=_say_done,
        )
    except KeyboardInterrupt:
        raise GaijiError(
            fault("E0016", "stopped"), next=tr("gaiji run {town} --resume goes on from here", town=town)
        ) from None
    if dry_run:
        _print_due(done, every)
    for path in done.applied:
        click.echo(tr("decisions taken over: {path}", path=path))
    if not dry_run and not systems:
        _hear(done)
    status = status_of(done)
    if not dry_run:
        _print_done(done)
    for line in lines(status):
        click.echo(line)
    if not dry_run and not systems:
        click.echo(tr("proof book: {path}", path=write_book(done, status)))
        if not done.failed:
            note_run(project)
    if keep and not done.failed:
        click.echo(tr("kept for gaiji compare: {path}", path=keep_run(project, keep)))
    sys.exit(1 if done.failed else status.exit_code)


def _hear(done: TownRun) -> None:
    """What the same people's names in the other systems propose, where the project file says who is who."""
    from gaiji.town.hearing import hear

    heard = hear(done.town, done.now)
    if heard is None or not heard.new:
        return
    click.echo(
        tr(
            "{residents:,} people in {systems} systems; their names propose characters for {proposed} of "
            "{codes} codes, and contradict each other for {contradicted} people",
            residents=heard.residents,
            systems=len(done.town.systems),
            proposed=heard.proposed,
            codes=heard.codes,
            contradicted=heard.contradicted,
        )
    )
    if heard.asked:
        click.echo(
            tr(
                "{asked} records may be of more than one person: gaiji identity {town}",
                asked=heard.asked,
                town=done.town.path,
            )
        )


def _say_done(done: Done) -> None:
    """A line as a file is done, above the progress bar where there is one."""
    from tqdm import tqdm

    from gaiji.town.status import PROOF_WORDS

    if done.error:
        return
    records = done.standing.manifest["records"]["written"]
    proof = tr(PROOF_WORDS[done.standing.proof])
    line = tr(
        "{label}: {records:,} records converted; {proof}", label=done.label, records=records, proof=proof
    )
    if not done.converted:
        line = tr("{label}: as it was; {proof}", label=done.label, proof=proof)
    tqdm.write(line, file=sys.stdout)


def _print_due(done: TownRun, every: bool) -> None:
    """What a run would do."""
    from gaiji.town.standing import WHY

    for one in done.looked:
        if one.error:
            continue
        why = ", ".join(tr(WHY[name]) for name in one.standing.why) or tr("new")
        if every or one.standing.due:
            told = tr("--all") if every and not one.standing.due else why
            click.echo(tr("{label}: would be converted ({why})", label=one.label, why=told))
        elif one.standing.proof != "holds":
            click.echo(tr("{label}: would be proved", label=one.label))


def _print_done(done: TownRun) -> None:
    """What failed, each in a line, and the run in one."""
    for one in done.failed:
        click.echo(tr("{label}: failed: {error}", label=one.label, error=one.error), err=True)
    converted = [one for one in done.done if one.converted and not one.error]
    records = sum(int(one.standing.manifest["records"]["written"]) for one in converted)
    proved = sum(one.proved and not one.error for one in done.done)
    click.echo(
        tr(
            "{files} files: {converted} converted ({records:,} records), {proved} proved, {kept} as they "
            "were, {failed} failed; {seconds:.1f} s",
            files=len(done.looked),
            converted=len(converted),
            records=records,
            proved=proved,
            kept=len(done.looked) - len(done.done) - sum(bool(one.error) for one in done.looked),
            failed=len(done.failed),
            seconds=done.seconds,
        )
    )


@click.command("status")
@click.argument("town", type=click.Path())
@_systems
@_jobs
@click.option("--json", "as_json", default="", help="Write the figures as JSON here (- for standard output).")
@click.option("--page", default="", type=click.Path(), help="Write a page in Japanese here (.html).")
def status(town: str, systems: tuple[str, ...], jobs: int, as_json: str, page: str) -> None:
    """How far a town is: for each system files, records, characters, codes decided and waiting, proofs; and
    what to do next. Reads the inputs to see whether they are as they were; converts nothing.
    """
    from gaiji.town.running import run_town
    from gaiji.town.status import lines, status_of, write_json, write_page

    looked = run_town(town, systems=systems, dry_run=True, jobs=jobs)
    found = status_of(looked)
    if as_json and as_json != "-":
        write_json(looked.town, found, Path(as_json))
    if page:
        write_page(looked.town, found, Path(page))
    if as_json == "-":
        click.echo(found.json(), nl=False)
    else:
        for line in lines(found):
            click.echo(line)
    sys.exit(found.exit_code)


@click.command("compare")
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option(
    "--delta", is_flag=True, help="NEW was made of changed records only: missing ones are no difference."
)
@click.option("--output", default="", type=click.Path(), help="Write every cell that differs: .csv or .tsv.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def compare(old: str, new: str, delta: bool, output: str, as_json: bool) -> None:
    """What came out differently in two runs of a town, for whom and why.

    OLD and NEW are folders of runs: the town's (migration), or one that gaiji run --keep made. Prints
    counts; the file of --output holds personal data. Exit codes: 0 nothing differs; 3 something does.
    """
    from gaiji.town.rehearsal import CAUSES, write_differences
    from gaiji.town.rehearsal import as_json as told_as_json
    from gaiji.town.rehearsal import compare as run_compare

    found = run_compare(old, new, delta=delta)
    if as_json:
        click.echo(told_as_json(found), nl=False)
    for one in found.files if not as_json else ():
        if one.missing:
            click.echo(tr("{label}: {missing}", label=one.label, missing=one.missing))
            continue
        click.echo(
            tr(
                "{label}: {both:,} records in both, {same:,} the same; {gone:,} gone, {added:,} new",
                label=one.label,
                both=one.both,
                same=one.same,
                gone=one.gone,
                added=one.added,
            )
        )
        if one.by_number:
            click.echo(tr("  no column tells whose the records are: compared by their number"))
        for cause, count in one.causes.most_common():
            click.echo(tr("  {count:,} cells by {cause}", count=count, cause=tr(CAUSES[cause])))
        for name in one.only_old:
            click.echo(tr("  column {name} is in the old run only", name=name))
        for name in one.only_new:
            click.echo(tr("  column {name} is in the new run only", name=name))
    if output:
        rows = write_differences(found, output, [old, new])
        click.echo(tr("{rows} rows written to {output}", rows=rows, output=output), err=as_json)
    sys.exit(3 if found.differs else 0)


COMMANDS = (init, run, status, compare)
