"""The output form of a job: what ``[target] form`` and ``pua`` say together.

Owns the two keys. What text a glyph has in a form is ``gaiji.standard.forms``'.
"""

from __future__ import annotations

from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.run.job import Job
from gaiji.standard.forms import PRIVATE


def form_of(job: Job) -> str:
    """The form as ``Charset.decode`` takes it; JobError where its table is missing, or given for nothing."""
    form, table = str(job.target["form"]), str(job.target["pua"])
    if form == "pua" and table:
        return PRIVATE + job.file(table)
    if form == "pua":
        raise JobError(
            fault("E0662", "is missing"),
            path=job.path,
            key="target.pua",
            next=tr("name the table of private use characters (columns glyph, ucs)"),
        )
    if table:
        raise JobError(
            fault("E0663", "is given, but the form is {form}", form=form),
            path=job.path,
            key="target.pua",
            next=tr('write form = "pua", or leave it out'),
        )
    return form
