"""What the queue tells a job's findings by.

Owns how a job's source is named; how one takes over what another had is ``gaiji.queue.items``'.
"""

from __future__ import annotations

import os

from gaiji.disk.files import STDOUT
from gaiji.queue.items import Source
from gaiji.run.job import Job


def source_of(job: Job, digest: str = "") -> Source:
    """What the queue tells a job's findings by; ``digest``: of the input's bytes, where they were read."""
    site, gaiji_set = job.owner
    output = "" if job.output["path"] == STDOUT else os.path.realpath(job.output_path)
    named = os.path.realpath(job.path) if job.path else output
    path = job.source["path"]
    given = path if path == STDOUT else os.path.realpath(job.file(path))
    return Source(given, named, site, gaiji_set, output, digest, earlier=path)
