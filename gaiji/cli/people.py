"""Commands about people's names after conversion: shrink, unshrink, match, search. Parse, make one public
call, print.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gaiji.errors.messages import fault, tr

if TYPE_CHECKING:
    from gaiji.shrinking.files import ShrinkReport


@click.command()
@click.argument("source", type=click.Path())
@click.argument("output", type=click.Path())
@click.option(
    "--side", required=True, type=click.Path(), help="The side table (.csv, .tsv, .parquet) that leads back."
)
@click.option(
    "--to",
    default="",
    help="jisx0213, jisx0213-bmp, jisx0208, cp932, cp932-standard or list (default: the policy's).",
)
@click.option(
    "--policy",
    default="",
    type=click.Path(),
    help="A TOML file with [shrink]; docs/shrink.md lists its keys.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    help="A column to shrink; repeatable (default: all of text but the key).",
)
@click.option("--key", default="", help="The column that tells records apart.")
@click.option(
    "--queue",
    default="",
    help="The review queue for what has no or several characters; its decisions are used.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="A column of the person's own name; repeatable (default: the one that is known by its header).",
)
@click.option("--birth", default="", help="The column of the birth date, for --people.")
@click.option(
    "--people",
    default="",
    type=click.Path(),
    help="A list of people whose name became another's, or holds a look-alike (.csv, .tsv, .parquet).",
)
@click.option(
    "--context",
    type=click.Choice(["field", "none"]),
    default="field",
    show_default=True,
    help="Text in the queue.",
)
@click.option("--site", default="", help="Name of the municipality whose findings and decisions these are.")
def shrink(
    source: str,
    output: str,
    side: str,
    to: str,
    policy: str,
    columns: tuple[str, ...],
    key: str,
    queue: str,
    names: tuple[str, ...],
    birth: str,
    people: str,
    context: str,
    site: str,
) -> None:
    """Write a table's text in the characters of another system (縮退), with the way back in a side table."""
    from gaiji.shrinking.files import shrink_file
    from gaiji.shrinking.policy import Policy, load_policy

    chosen = load_policy(policy) if policy else Policy()
    chosen = replace(chosen, to=to) if to else chosen
    done = shrink_file(
        source,
        output,
        side,
        policy=chosen,
        columns=columns,
        key=key,
        queue=queue,
        context=context,
        names=names or None,
        birth=birth,
        people_to=people,
        site=site,
    )
    click.echo(
        tr(
            "{rows} rows written to {output}; {values} characters changed; the way back: {side}",
            rows=done.rows,
            output=output,
            values=sum(done.changed.values()),
            side=side,
        )
    )
    _print_shrunk(done, source)
    if queue:
        click.echo(tr("{waiting} glyphs wait for review in {queue}", waiting=done.waiting, queue=queue))
    sys.exit(3 if done.waiting or (not queue and done.findings) else 0)


def _print_shrunk(done: ShrinkReport, source: str) -> None:
    """What was changed and found, and what the way back cannot give."""
    from gaiji.shrinking.evidence import ASSERTS

    for evidence, count in sorted(done.changed.items()):
        click.echo(f"  {evidence:16}{count:>10}  {ASSERTS.get(evidence, '')}".rstrip())
    for reason, count in sorted(done.findings.items()):
        click.echo(tr("{reason}: {count} characters", reason=reason, count=count))
    for what, count in done.people.items():
        if count:
            click.echo(f"{what}: {count}")
    if not done.same_form:
        click.echo(
            tr(
                "{source} has no form that can be kept (it quotes some cells and not others, or rows are too "
                "short): the way back gives its cells, not its bytes",
                source=source,
            ),
            err=True,
        )
    if not done.people:
        click.echo(tr("names made equal are not counted: give --name COLUMN"))


@click.command()
@click.argument("source", type=click.Path())
@click.argument("side", type=click.Path())
@click.argument("output", type=click.Path())
@click.option("--key", default="", help="The key column, if shrink had one: records are found by it.")
@click.option(
    "--refused",
    default="",
    type=click.Path(),
    help="A list of the records that were left as they are, with the reason (.csv, .tsv, .parquet).",
)
def unshrink(source: str, side: str, output: str, key: str, refused: str) -> None:
    """Put back what shrink replaced, from its side table; records whose name has changed stay as they are."""
    from gaiji.shrinking.files import REFUSALS, unshrink_file

    done = unshrink_file(source, side, output, key=key, refused_to=refused)
    click.echo(tr("{restored} characters put back in {output}", restored=done.restored, output=output))
    for why, said in REFUSALS.items():
        records = [str(record) for record, reason in done.refused if reason == why]
        if records:
            more = " …" if len(records) > 10 else ""
            click.echo(
                tr(
                    "{count} records left as they are ({said}): {records}{more}",
                    count=len(records),
                    said=said,
                    records=", ".join(records[:10]),
                    more=more,
                )
            )
    sys.exit(3 if done.refused else 0)


@click.command("match")
@click.argument("a", type=click.Path())
@click.argument("b", type=click.Path())
@click.option("--output", required=True, type=click.Path(), help="The results (.csv, .tsv, .parquet).")
@click.option(
    "--id",
    "id_",
    required=True,
    help="Column of the record's number; OURS=THEIRS when the two files name it apart.",
)
@click.option("--name", required=True, help="Column of the name; OURS=THEIRS.")
@click.option("--kana", default="", help="Column of the reading; OURS=THEIRS.")
@click.option("--birth", default="", help="Column of the birth date; OURS=THEIRS.")
@click.option("--sex", default="", help="Column of the sex; OURS=THEIRS.")
@click.option("--address", default="", help="Column of the address; OURS=THEIRS.")
@click.option("--alias", default="", help="Column of the 通称; OURS=THEIRS.")
@click.option("--alias-kana", default="", help="Column of its reading; OURS=THEIRS.")
@click.option("--former", default="", help="Column of the 旧氏; OURS=THEIRS.")
@click.option("--former-kana", default="", help="Column of its reading; OURS=THEIRS.")
@click.option(
    "--decisions",
    multiple=True,
    type=click.Path(),
    help="An earlier output in whose column decision a person wrote same or different; repeatable.",
)
@click.option("--model", is_flag=True, help="Fit a Fellegi-Sunter model and order candidates by probability.")
@click.option(
    "--summary",
    default="",
    type=click.Path(),
    help="An HTML page with the counts and the glyphs that differ.",
)
@click.option(
    "--queue", default="", help="The review queue for the glyphs in which two spellings of a person disagree."
)
@click.option(
    "--near", default=0.5, show_default=True, help="Least likeness of a name or reading that is not equal."
)
@click.option(
    "--margin", default=3.0, show_default=True, help="Points by which the best candidate must lead."
)
@click.option("--consider", default=70.0, show_default=True, help="Least score of an ambiguous candidate.")
def match_command(
    a: str,
    b: str,
    output: str,
    summary: str,
    queue: str,
    near: float,
    margin: float,
    consider: float,
    decisions: tuple[str, ...],
    model: bool,
    id_: str,
    **columns: str,
) -> None:
    """Find the same people in two tables; nothing is merged."""
    from gaiji.names.matchfile import match_files
    from gaiji.names.matching import MatchPolicy

    policy = MatchPolicy(near=near, margin=margin, consider=consider, model=model)
    named = {"id": id_, **columns}
    done = match_files(
        a, b, output, columns=named, policy=policy, summary=summary, queue=queue, decisions=decisions
    )
    for status, count in done.counts.items():
        click.echo(f"{status:18}{count:>10}")
    for block, pairs in done.left_out.items():
        click.echo(tr("{pairs} pairs equal in {block} were too many to compare", pairs=pairs, block=block))
    for note in done.notes:
        click.echo(note)
    if decisions:
        used, changed, gone = done.decisions
        click.echo(
            tr(
                "{used} decisions used; {changed} about records that have changed since, {gone} "
                "about none here",
                used=used,
                changed=changed,
                gone=gone,
            )
        )
    if queue:
        click.echo(
            tr("{waiting} pairs of glyphs wait for review in {queue}", waiting=done.waiting, queue=queue)
        )
    sys.exit(3 if done.counts["ambiguous"] or done.waiting else 0)


@click.command()
@click.argument("query")
@click.option("--in", "path", required=True, type=click.Path(), help="A .csv, .tsv or .parquet file.")
@click.option("--column", "columns", multiple=True, help="A column to search; repeatable (default: all).")
@click.option("--birth", default="", help="COLUMN=DATE: only records of that date, year or month.")
@click.option("--address", default="", help="COLUMN=TEXT: only addresses with that town or numbers.")
@click.option("--limit", default=50, show_default=True, help="Rows shown at most.")
def search(query: str, path: str, columns: tuple[str, ...], birth: str, address: str, limit: int) -> None:
    """Find a name in all its spellings (渡辺 finds 渡邉 and 渡邊), shown with what was folded."""
    from gaiji.names.searching import search_file

    narrow = [_narrow(birth, "--birth"), _narrow(address, "--address")]
    found, index = search_file(query, path, columns=columns, limit=limit, birth=narrow[0], address=narrow[1])
    for hit in found.hits:
        folded = [f"{written}→{sought}" for written, sought in hit.folded] + [f"({way})" for way in hit.how]
        click.echo(f"{hit.row + 1}\t{hit.column}\t{hit.text}" + ("\t" + " ".join(folded) if folded else ""))
    more = tr(", the first {limit} shown (--limit)", limit=limit) if found.total > limit else ""
    click.echo(
        tr("{total} found in {height} rows{more}", total=found.total, height=index.frame.height, more=more),
        err=True,
    )


def _narrow(given: str, option: str) -> tuple[str, str]:
    """COLUMN=VALUE in two; UsageError for anything else."""
    column, sign, value = given.partition("=")
    if given and not (column and sign and value):
        raise click.UsageError(fault("E0354", "{option} must be COLUMN=VALUE", option=option))
    return column, value


COMMANDS = (shrink, unshrink, match_command, search)
