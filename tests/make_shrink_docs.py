"""Writes the counts in docs/shrink.md from the map and the default policy; ``test_shrink`` holds them equal.

python tests/make_shrink_docs.py
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

from gaiji.disk.datafiles import mappings_dir
from gaiji.shrinking.evidence import ASSERTS, CLASSES, LOOKALIKES, shrink_links
from gaiji.shrinking.policy import Policy
from gaiji.shrinking.shrinker import Shrinker
from gaiji.shrinking.targets import NAMES
from gaiji.standard.repertoire import load_repertoire

PAGE = Path(__file__).parents[1] / "docs" / "shrink.md"
BEGIN, END = "<!-- counts: python tests/make_shrink_docs.py -->", "<!-- end of counts -->"
TARGETS = tuple(name for name in NAMES if name != "list")
ORDER = (
    "same",
    "base",
    *(t for t in CLASSES if t not in LOOKALIKES),
    "shrink-many",
    "shrink-lookalike",
    "shrink-none",
)


def mj_names() -> list[str]:
    """The names of the MJ glyphs, without 変体仮名."""
    return load_repertoire(gj=False).frame.filter(list="mj")["name"].to_list()


def taken(policy: Policy) -> Counter[str]:
    """Glyphs by what decides them under a policy; a finding by its reason."""
    shrinker = Shrinker(policy)
    return Counter(shrinker.glyph(name).evidence for name in mj_names())


def counts() -> str:
    """The two tables."""
    titles = tomllib.loads((mappings_dir() / "repertoire" / "shrink-1.2.0.toml").read_text("utf-8"))["tables"]
    glyphs = {
        table: {n for n, ls in shrink_links().items() if any(li.table == table for li in ls)}
        for table in CLASSES
    }
    out = ["| relation | the map's table | asserts | links | glyphs |\n|---|---|---|---:|---:|"]
    for table, asserts in CLASSES.items():
        links = sum(link.table == table for links in shrink_links().values() for link in links)
        out.append(f"| `{table}` | {titles[table]} | {asserts} | {links:,} | {len(glyphs[table]):,} |")
    found = {to: taken(Policy(to=to)) for to in TARGETS}
    out += ["", f"| decided by | asserts | {' | '.join(f'`{to}`' for to in TARGETS)} |"]
    out.append("|---|---|" + "---:|" * len(TARGETS))
    for evidence in ORDER:
        row = " | ".join(f"{found[to][evidence]:,}" for to in TARGETS)
        out.append(f"| `{evidence}` | {ASSERTS.get(evidence, 'waits')} | {row} |")
    silent = " | ".join(str(sum(found[to][table] for table in LOOKALIKES)) for to in TARGETS)
    out.append(f"| look-alikes taken | | {silent} |")
    return "\n".join(out)


def document(page: str) -> str:
    """The page with its counts made anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{counts()}\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(document(PAGE.read_text("utf-8")), "utf-8")
