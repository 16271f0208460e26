"""The files of a database job, and that what it writes is none of what it reads.

Owns which files a database lies in and how its URL is shown; connects to nothing.
"""

from __future__ import annotations

from pathlib import Path

from gaiji.codes.spec import code_system
from gaiji.database.job import DbJob
from gaiji.disk.apart import Place, keep_apart
from gaiji.queue.place import database_url, with_journals
from gaiji.run.places import charset_places, queue_places


def check_apart(job: DbJob) -> None:
    """UsageError when the manifest, the proof or the queue is a file that the job reads, or manifest or proof
    one of its databases (a queue may lie in one of them)."""
    reads = [Place("job file", job.path)]
    for column in job.columns:
        reads += [Place("site table", Path(table)) for table in column.tables]
        reads += [Place("table of decisions", job.decisions_path(code_system(column.charset)))]
        reads += charset_places(column.charset)
    held = list(queue_places(job.queue_where))
    keep_apart(held, reads)
    databases = [
        Place("database", path) for url in (job.source_url, job.target_url) for path in _files_of(url)
    ]
    made = [Place("manifest", job.manifest_path), Place("proof", job.proof_path)]
    keep_apart(made, [*reads, *held, *databases])


def _files_of(url: str) -> list[Path]:
    """The files of a database; none where it is on a server or in memory."""
    made = database_url(url)
    name = made.database or ""
    file = made.get_backend_name() in ("sqlite", "duckdb") and name and not name.startswith((":", "file:"))
    return with_journals(name) if file else []


def shown_url(url: str) -> str:
    """A URL without its password."""
    return database_url(url).render_as_string(hide_password=True)
