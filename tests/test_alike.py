"""Codes of several 外字 sets whose pictures are of one shape stand together; each is decided by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from gaiji.cli import main
from gaiji.model import Picture
from gaiji.queue.chosen import Filter, chosen
from gaiji.queue.decisions import OPEN, STATES, Decision, Decisions
from gaiji.queue.families import families_of, keep_families
from gaiji.queue.items import Item, Source
from gaiji.queue.queue import Queue, open_queue
from gaiji.review.evidence.candidates import suggest
from gaiji.review.evidence.shapes import group_shapes
from gaiji.review.sheets.sheet import PICTURE, make_sheet
from gaiji.review.web.app import create_app
from gaiji.shape.alike import groups, same_shape
from gaiji.shape.pictures import Gallery

FRAME = [(0.1, 0.1, 0.9, 0.1), (0.5, 0.1, 0.5, 0.9), (0.2, 0.35, 0.8, 0.35), (0.1, 0.9, 0.9, 0.9)]
SHAPES = {
    "plain": [*FRAME, (0.25, 0.6, 0.4, 0.75)],
    "dot": [*FRAME, (0.25, 0.6, 0.4, 0.75), (0.65, 0.55, 0.72, 0.62)],  # a 点 more
    "short": [
        FRAME[0],
        (0.5, 0.1, 0.5, 0.65),
        *FRAME[2:],
        (0.25, 0.6, 0.4, 0.75),
    ],  # a stroke that ends before
    "apart": [*FRAME[:2], (0.2, 0.5, 0.8, 0.5), FRAME[3], (0.25, 0.6, 0.4, 0.75)],  # a stroke elsewhere
}
SIZES = (24, 32, 48, 100)


def drawn(shape: str, side: int, thick: float = 0.045, left: int = 0) -> Picture:
    """A made-up character of straight strokes, at some size, anywhere in its cell."""
    large = 8 * side
    image = Image.new("L", (large, large), 0)
    pen = ImageDraw.Draw(image)
    for stroke in SHAPES[shape]:
        pen.line([one * large for one in stroke], fill=255, width=round(thick * large))
    small = image.resize((side, side), Image.Resampling.BOX).point(lambda grey: 255 if grey > 110 else 0)
    cell = Image.new("L", (side + left, side + left), 0)
    cell.paste(small, (left, 0))
    return Picture(*cell.size, cell.tobytes())


@pytest.mark.parametrize("one", SIZES)
@pytest.mark.parametrize("other", SIZES)
def test_a_shape_is_the_same_at_another_size_and_place(one, other):
    for shape in SHAPES:
        assert same_shape(drawn(shape, one), drawn(shape, other, left=other // 8)), shape


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("other", SIZES)
def test_near_but_different_is_not_one(size, other):
    for one in SHAPES:
        for another in SHAPES:
            if one < another:
                assert not same_shape(drawn(one, size), drawn(another, other)), (one, another)
                assert not same_shape(drawn(another, other), drawn(one, size))


def test_groups_are_told_by_their_first():
    codes = [[drawn(name, side)] for side in (32, 48, 24) for name in ("plain", "dot", "short", "apart")]
    assert groups(codes) == [0, 1, 2, 3] * 3
    assert groups([]) == []
    assert groups([[drawn("plain", 16), drawn("dot", 100)], [drawn("dot", 32)]]) == [
        0,
        0,
    ]  # the largest speaks


# -- in a queue ------------------------------------------------------------------------------------------

SETS = {
    "住記": ("JEF", "80A1", 24, 22),
    "税": ("IBM-KANJI", "6941", 32, 12),
    "福祉": ("CP932", "F040", 48, 7),
}


@pytest.fixture
def queue(tmp_path: Path):
    """Three sets with the same shape under three codes, and in each another shape beside it."""
    made = open_queue(tmp_path / "q.sqlite")
    for name, (system, code, side, people) in SETS.items():
        found = []
        for at, shape in (
            (0, "plain"),
            (1, "dot" if name == "住記" else "short" if name == "税" else "apart"),
        ):
            one = Item(system, f"{int(code, 16) + at:04X}", "見本市", "unmapped-gaiji", gaiji_set=name)
            one.counts["氏名", "name"] = one.records["氏名", "name"] = people if not at else 1
            found.append((one, drawn(shape, side)))
        made.add(Source(f"{name}.dat", f"{name}.toml", "見本市", name), [one for one, _ in found])
        made.add_pictures(system, "見本市", {one.code: [picture] for one, picture in found}, gaiji_set=name)
    yield made
    made.close()


def ids(queue: Queue) -> dict[str, int]:
    return {one.code: one.id for one in queue.items()}


def test_codes_of_one_shape_stand_together(queue):
    assert group_shapes(queue) == (1, 3)
    numbers = ids(queue)
    family = families_of(queue)[numbers["80A1"]]
    assert [one.code for one in family.items] == ["80A1", "6941", "F040"]
    assert (family.sets, family.people) == (3, 41)
    assert set(families_of(queue)) == {numbers[code] for code in ("80A1", "6941", "F040")}
    mine = [source.id for source in map(queue.near, queue.sources()) if source.gaiji_set != "税"]
    seen = families_of(queue, [numbers["80A1"]], sources=mine)[numbers["80A1"]]
    assert [one.code for one in seen.items] == ["80A1", "F040"] and seen.people == 29
    assert not families_of(queue, sources=mine[:1])  # one set alone is no family
    order = [code for _, code in chosen(queue, tuple(STATES), Filter(sort="alike"))]
    assert order[:3] == ["80A1", "6941", "F040"]
    only = chosen(queue, tuple(STATES), Filter(alike=numbers["6941"]))
    assert {code for _, code in only} == {"80A1", "6941", "F040"}
    keep_families(queue, {})
    assert not families_of(queue)


def test_a_decision_is_a_candidate_of_the_others_and_decides_none(queue):
    group_shapes(queue)
    numbers = ids(queue)
    assert not suggest(queue, numbers["6941"])
    acts = Decisions(queue)
    acts.decide(numbers["80A1"], Decision("字形一致", "MJ026191", evidence="戸籍簿", decided_by="見本 花子"))
    for code in ("6941", "F040"):
        first = suggest(queue, numbers[code])[0]
        assert first.glyph == "MJ026191" and first.parts[0][0] == "alike" and "JEF 80A1" in first.reason
        assert acts.of(numbers[code]) is None
        assert next(queue.items([numbers[code]])).state == OPEN
    assert not suggest(queue, numbers["80A2"])
    acts.undo(numbers["80A1"], "見本 花子")
    assert not suggest(queue, numbers["6941"])


def test_the_sheet_names_the_others(queue):
    group_shapes(queue)
    rows = {row.cells[2]: row.cells[PICTURE] for row in make_sheet(queue, Gallery([])).rows}
    assert "同じ形：3セット、のべ41人（税 IBM-KANJI 6941、福祉 CP932 F040）" in rows["80A1"]
    assert "同じ形" not in rows["80A2"]


def test_the_screen_shows_a_family(queue):
    group_shapes(queue)
    numbers = ids(queue)
    app = create_app(Decisions(queue), Gallery([]), "token", idle=600)
    client = app.test_client()
    client.get("/?open=token", follow_redirects=True)
    page = client.get("/", follow_redirects=True).get_data(as_text=True)
    assert page.count("同じ形：3セット、のべ41人") == 3
    link = re.search(r'class="alike" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert client.get(link).get_data(as_text=True).count('class="go"') == 3
    page = client.get(f"/item/{numbers['6941']}").get_data(as_text=True)
    assert "同じ形の外字：3セット、のべ41人" in page
    assert all(f"/item/{numbers[code]}" in page for code in ("80A1", "F040"))
    assert "同じ形の外字" not in client.get(f"/item/{numbers['6942']}").get_data(as_text=True)


def test_the_command_brings_them_together(queue, tmp_path):
    shown = CliRunner().invoke(main, ["review", "shapes", "--queue", str(tmp_path / "q.sqlite")])
    assert "1 shapes in several sets, 3 codes" in shown.output
    assert len(families_of(queue)) == 3
