"""The command line: parse, make one public call, print."""

from __future__ import annotations

import sys
from typing import Any

import click

from gaiji import __version__
from gaiji.errors import GaijiError


class OneLine(click.Group):
    """Turns the toolkit's errors into one line and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GaijiError as error:
            click.echo(f"gaiji: {error}", err=True)
            sys.exit(error.exit_code)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from gaiji import kernel

        click.echo(f"gaiji {__version__} (kernel {'compiled' if kernel.compiled() else 'interpreted'})")
        ctx.exit()


@click.group(cls=OneLine)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Version and kernel.")
def main() -> None:
    """Move municipal name data out of vendor character codes into 行政事務標準文字."""


@main.command()
@click.argument("job", type=click.Path())
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a string key, e.g. source.path=juki.dat.")
@click.option("--threads", default=0, help="Worker threads (0: one a core).")
def convert(job: str, settings: tuple[str, ...], threads: int) -> None:
    """Convert a dump as a job file says."""
    from gaiji.convert import convert as run

    overrides = dict(item.partition("=")[::2] for item in settings)
    manifest = run(job, overrides=overrides, threads=threads, progress=True)
    data = manifest.data
    click.echo(f"{data['records']['written']} records written to {data['output']['path']}; {manifest.to_review} codes to review")
    sys.exit(manifest.exit_code)


@main.group()
def charset() -> None:
    """The charsets that can be read."""


@charset.command("list")
def charset_list() -> None:
    """Every charset and its title."""
    from gaiji.charset import charset_names, load_spec

    for name in charset_names():
        click.echo(f"{name:24} {load_spec(name).title}")


@charset.command("show")
@click.argument("name")
def charset_show(name: str) -> None:
    """One charset: tables, ranges, shifts, options."""
    from gaiji.charset import load_charset

    click.echo(load_charset(name).describe())


@charset.command("check")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every charset (also the default).")
def charset_check(names: tuple[str, ...], every: bool) -> None:
    """Load charsets with every check of their tables."""
    from gaiji.charset import charset_names, check

    chosen = charset_names() if every or not names else names
    wrong = check(chosen)
    for line in wrong:
        click.echo(line, err=True)
    if wrong:
        sys.exit(1)
    click.echo(f"{len(chosen)} charsets are clean")
