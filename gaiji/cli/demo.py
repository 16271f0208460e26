"""The demo: the sample jobs run in a folder of the user's, with plain words about what came out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, mark, tr
from gaiji.queue.queue import open_queue
from gaiji.review.evidence.learn import learn
from gaiji.review.sheets.exchange import export
from gaiji.run.convert import convert
from gaiji.run.manifest import manifest_path
from gaiji.town.book import write_book
from gaiji.town.running import run_town
from gaiji.town.status import status_of

JOBS = (
    ("juki-jef.toml", mark("住民記録, fixed-length Fujitsu JEF")),
    ("koseki-keis.toml", mark("戸籍, variable-length Hitachi KEIS")),
    ("juki-windows.toml", mark("住民記録, Windows CSV with EUDC")),
)


def run_demo(folder: Path) -> Iterator[str]:
    """Copy the samples to ``folder`` and convert each; yields lines that say what was made and where.

    UsageError when one of them is to be written over itself.
    """
    samples = [path for path in samples_dir().rglob("*") if path.is_file()]
    copies = [Place("sample", folder / path.relative_to(samples_dir())) for path in samples]
    keep_apart(copies, [Place("sample", path) for path in samples])
    shutil.copytree(
        samples_dir(),
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("*.py", "__pycache__", "out", "migration"),
    )
    drawn = find_spec("PIL") is not None and find_spec("freetype") is not None
    for name, what in JOBS:
        manifest = convert(folder / name, overrides={} if drawn else {"review.pictures": ""})
        data = manifest.data
        output = folder / data["output"]["path"]
        queue = output.parent / "review.sqlite"
        learned = learn(folder / name)
        opened = open_queue(queue)
        try:
            export(opened, output.parent / "review.csv")
        finally:
            opened.close()
        yield tr("{value}: {written} records converted", value=tr(what), written=data["records"]["written"])
        yield tr("  output:   {output}", output=output)
        yield (
            tr(
                "  queue:    {queue} ({to_review} codes wait for a clerk; as a sheet: {parent})",
                queue=queue,
                to_review=manifest.to_review,
                parent=output.parent / "review.csv",
            )
        )
        yield tr(
            "  the names of the dump propose characters for {proposed} of {codes} codes",
            proposed=learned.proposed,
            codes=learned.codes,
        )
        yield tr("  manifest: {value}", value=manifest_path(output))
    yield from _run_town(folder / "town" / "town.toml")
    if not drawn:
        yield tr(
            "Pictures of the 外字 were left out: they need the extra images (pip install 'gaiji[images]')."
        )


def _run_town(project: Path) -> Iterator[str]:
    """Convert and prove the sample town: six systems of four makers, one queue, one proof book."""
    run = run_town(project)
    for one in run.failed:
        raise GaijiError(fault("E0764", "the sample town is broken: {error}", error=one.error))
    status = status_of(run)
    records = sum(one.records for one in status.systems)
    yield tr(
        "{town}: {systems} systems, {files} files, {records:,} records converted and proved",
        town=status.town,
        systems=len(status.systems),
        files=len(status.files),
        records=records,
    )
    yield tr("  outputs:  {folder}", folder=run.town.folder)
    yield tr("  queue:    {queue} ({waiting} codes wait)", queue=run.town.queue, waiting=status.waiting)
    yield tr("  proof book, to print and sign: {path}", path=write_book(run, status))
