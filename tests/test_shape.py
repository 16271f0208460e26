"""Identification by shape: features against plain arithmetic, the index over a small font that the tests draw, refusals."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
pytest.importorskip("freetype")
Image = pytest.importorskip("PIL.Image")

from gaiji import shape  # noqa: E402
from gaiji.cli.commands import main  # noqa: E402
from gaiji.disk.datafiles import samples_dir  # noqa: E402
from gaiji.errors import ShapeError  # noqa: E402
from gaiji.model import Picture  # noqa: E402
from gaiji.shape import Index, as_ink, features, gallery, load_index, verdict  # noqa: E402
from gaiji.shape.model import load_calibration, load_model, unit  # noqa: E402
from gaiji.shape.pictures import read_image  # noqa: E402
from gaiji.shape.raster import draw, glyph_names, open_font  # noqa: E402
from gaiji.shape.sisters import compare  # noqa: E402
from tests.fonts import bars, font_bytes  # noqa: E402

NAMES = [f"mj{number:06}" for number in range(6000, 6060)]


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("font") / "test.ttf"
    path.write_bytes(font_bytes({name: bars(seed) for seed, name in enumerate(NAMES)}))
    return path


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GAIJI_MJ_FONT", raising=False)
    return tmp_path / "home"


@pytest.fixture
def index(font: Path) -> Index:
    return load_index([font])


def bitmaps(font: Path, size: int, mono: bool = True) -> np.ndarray:
    face = open_font(font)
    numbers = [number for number, name in enumerate(glyph_names(face)) if name in NAMES]
    return draw(face, numbers, size, mono=mono)


# -- pictures of a font


def test_a_box_is_drawn_where_and_as_large_as_its_outline_says(tmp_path):
    path = tmp_path / "box.ttf"
    path.write_bytes(font_bytes({"mj006000": [(100, 0, 600, 250)], "mj006001": []}))
    face = open_font(path)
    pictures = draw(face, [1, 2], 40)
    rows, columns = np.nonzero(pictures[0])
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (10, 20)
    assert pictures[0].sum() == 255 * 10 * 20
    assert rows.min() + rows.max() == columns.min() + columns.max() == 49  # in the middle of 50 dots
    assert not pictures[1].any()


def test_black_and_white_drawing_has_no_grey(font):
    assert set(np.unique(bitmaps(font, 24))) == {0, 255}
    assert len(np.unique(bitmaps(font, 24, mono=False))) > 2


# -- features


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 59), st.integers(0, 7), st.integers(0, 7), st.integers(1, 3))
def test_where_and_how_large_a_character_stands_does_not_matter(seed, down, right, factor):
    small = np.zeros((1, 40, 40), np.uint8)
    for left, bottom, end, top in bars(seed):
        small[0, 30 - top // 32 : 31 - bottom // 32, left // 32 : end // 32 + 1] = 255
    moved = np.pad(small, ((0, 0), (down, 8 - down), (right, 8 - right)))
    larger = moved.repeat(factor, axis=1).repeat(factor, axis=2)
    here, there = features.describe(small), features.describe(larger)
    assert float((unit(here) * unit(there)).sum()) > (0.9999 if factor == 1 else 0.93)


def test_the_eight_planes_are_the_parts_of_the_gradient():
    square = np.random.default_rng(1).random((3, features.SIDE, features.SIDE), np.float32)
    planes = features.planes(square)
    assert (planes >= 0).all()
    angles = np.arange(8) * np.pi / 4
    across, down = (
        np.einsum("d,ndij->nij", one, planes)[:, 1:-1, 1:-1] for one in (np.cos(angles), np.sin(angles))
    )
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    windows = np.lib.stride_tricks.sliding_window_view(square, (3, 3), axis=(1, 2))
    assert np.allclose(across, np.einsum("nijab,ab->nij", windows, sobel), atol=1e-4)
    assert np.allclose(down, np.einsum("nijab,ab->nij", windows, sobel.T), atol=1e-4)


def test_a_flat_character_is_not_stretched_to_a_square():
    flat = np.zeros((1, 24, 24), np.uint8)
    flat[0, 11:13, 2:22] = 255
    rows, columns = np.nonzero(features.normalise(flat)[0] > 0.2)
    assert np.ptp(rows) < np.ptp(columns) / 2


def test_pictures_of_several_sizes_are_described_as_each_alone(font):
    pictures = [as_ink(one) for size in (24, 40, 24) for one in bitmaps(font, size)[:3]]
    coarse, fine = features.describe_each(pictures)
    for picture, row, planes in zip(pictures, coarse, fine, strict=True):
        alone, finely = features.describe_finely(picture[None])
        assert np.allclose(alone[0], row, atol=1e-4)
        assert np.allclose(finely[0], planes, atol=1e-4)


# -- the gallery


def test_packed_vectors_keep_their_direction():
    vectors = unit(np.random.default_rng(2).normal(size=(50, 224)).astype(np.float32))
    again = gallery.unpack(gallery.pack(vectors))
    assert gallery.pack(vectors).dtype == np.int8
    assert ((vectors * again).sum(axis=1) > 0.9998).all()


def test_the_index_is_kept_and_read_again(font, home):
    calls = []
    first = load_index([font], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(60, 60)] and first.gallery.built and len(first) == 60
    second = load_index([font])
    assert not second.gallery.built
    assert second.gallery.names == first.gallery.names == tuple(name.upper() for name in NAMES)
    assert np.array_equal(second.gallery.vectors, first.gallery.vectors)
    assert first.gallery.path.parent == home / "shape"


@pytest.mark.parametrize("damage", [b"", b"PK\3\4 nonsense", b"\x93NUMPY"])
def test_a_damaged_cache_is_built_anew(font, damage):
    path = load_index([font]).gallery.path
    path.write_bytes(damage)
    assert load_index([font]).gallery.built
    assert not load_index([font]).gallery.built


def test_another_font_has_another_cache_and_old_ones_go(font, tmp_path):
    paths = set()
    for number in range(6):
        other = tmp_path / f"{number}.ttf"
        other.write_bytes(font_bytes({"mj006000": bars(number)}))
        paths.add(load_index([other]).gallery.path)
    assert len(paths) == 6
    assert sum(path.exists() for path in paths) == 4


def test_two_fonts_make_one_gallery_and_the_first_wins(font, tmp_path):
    second = tmp_path / "gj.ttf"
    second.write_bytes(font_bytes({"gj000001": bars(900), "mj006000": bars(901), "cid1": bars(902)}))
    both = load_index([font, second])
    assert both.gallery.names[-1] == "GJ000001" and len(both) == 61
    picture = draw(open_font(second), [1], 32, mono=True)[0]
    assert both.query([picture]).matches[0].glyph == "GJ000001"
    assert both.query([bitmaps(font, 32)[0]]).matches[0].glyph == "MJ006000"


@pytest.mark.parametrize(
    "content, says", [(b"", "damaged"), (b"\0\1\0\0 nonsense", "damaged"), (b"text", "damaged")]
)
def test_a_corrupt_font_is_one_line(tmp_path, content, says):
    path = tmp_path / "bad.ttf"
    path.write_bytes(content)
    with pytest.raises(ShapeError, match=says) as caught:
        load_index([path])
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_cut_font_is_one_line_or_still_a_font(font, tmp_path):
    whole = font.read_bytes()
    for cut in range(0, len(whole), max(1, len(whole) // 25)):
        path = tmp_path / f"cut{cut}.ttf"
        path.write_bytes(whole[:cut])
        try:
            load_index([path])
        except ShapeError as error:
            assert "\n" not in str(error)


def test_a_font_of_other_names_or_none_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "other.ttf"
    path.write_bytes(font_bytes({"uni4E00": bars(1)}))
    with pytest.raises(ShapeError, match="no glyph is named"):
        load_index([path])
    with pytest.raises(ShapeError, match="check the path"):
        load_index([tmp_path / "none.ttf"])
    monkeypatch.setattr(gallery, "find_font", lambda: None)
    with pytest.raises(ShapeError, match="fonts-ipamj-mincho"):
        load_index()


def test_the_gj_font_is_found_beside_the_other(font, home, monkeypatch):
    monkeypatch.setattr(gallery, "find_font", lambda: font)
    assert gallery.find_fonts() == (font,)
    mine = home / "fonts" / gallery.GJ_FILE
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"")
    assert gallery.find_fonts() == (font, mine)
    monkeypatch.setenv("GAIJI_GJ_FONT", "/else/where.ttf")
    assert gallery.find_fonts() == (font, Path("/else/where.ttf"))


def test_a_glyph_that_cannot_be_drawn_is_one_line(font):
    with pytest.raises(ShapeError, match="cannot be drawn"):
        draw(open_font(font), [0, 1, 9999], 24)


# -- queries


@pytest.mark.parametrize("size", [24, 32, 48, 200])
def test_each_glyph_is_found_by_its_own_bitmap(index, font, size):
    answers = index.query_many([[picture] for picture in bitmaps(font, size)])
    first = [answer.matches[0].glyph for answer in answers]
    assert sum(got == name.upper() for got, name in zip(first, NAMES, strict=True)) >= 58
    for answer in answers:
        scores = [match.score for match in answer.matches]
        assert (
            scores == sorted(scores, reverse=True) and min(scores) >= 0 and sum(scores) <= answer.known + 1e-6
        )
        assert answer.reason == verdict.REASONS[answer.verdict]


def test_many_codes_at_once_give_what_each_gives_alone(index, font):
    small, large = bitmaps(font, 24), bitmaps(font, 40)
    codes = [[small[place]] for place in range(5)] + [[small[place], large[place]] for place in range(5)]
    together = index.query_many(codes, limit=5)
    assert [index.query(code, limit=5).matches[0].glyph for code in codes] == [
        one.matches[0].glyph for one in together
    ]
    for one, code in zip(together, codes, strict=True):
        assert np.allclose(
            [m.score for m in one.matches], [m.score for m in index.query(code, limit=5).matches], atol=1e-3
        )


def test_threads_may_share_an_index(index, font, monkeypatch):
    monkeypatch.setattr(shape.index, "_KEPT", 20)
    codes = [[one] for one in bitmaps(font, 24)]
    alone = [index.query(code) for code in codes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(index.query, codes))
    for one, other in zip(alone, together, strict=True):
        assert one.verdict == other.verdict and one.matches[0].glyph == other.matches[0].glyph
        assert one.known == pytest.approx(other.known, abs=1e-3)  # batches of other sizes round otherwise


def test_forms_of_input_mean_the_same(index, font):
    array = bitmaps(font, 40)[7]
    black_on_white = Image.fromarray(255 - array)
    forms = [
        array,
        array > 0,
        np.pad(array, 9),
        black_on_white,
        Image.fromarray(array),
        black_on_white.convert("RGB"),
        black_on_white.convert("1"),
        Picture(array.shape[1], array.shape[0], array.tobytes()),
    ]
    answers = [index.query([one]) for one in forms]
    assert all(answer == answers[0] for answer in answers)


def test_a_transparent_picture_is_read_by_its_ink(font):
    array = bitmaps(font, 40)[3]
    clear = np.zeros((*array.shape, 4), np.uint8)
    clear[..., 3] = array
    assert np.array_equal(as_ink(Image.fromarray(clear, "RGBA")), as_ink(array))


def test_limit_reaches_past_the_compared_candidates(index, font):
    picture = bitmaps(font, 24)[0]
    for limit in (1, 16, 30, 60, 100):
        matches = index.query([picture], limit=limit).matches
        assert len({match.glyph for match in matches}) == len(matches) == min(limit, 60)


def test_strokes_favour_glyphs_with_that_number_but_leave_none_out(index, font, monkeypatch):
    strokes = np.arange(60, dtype=np.int32) % 20
    strokes[5] = -1
    index.__dict__["_strokes"] = strokes
    assert index._strokes_away(None) is None
    away = index._strokes_away(3)
    assert away[3] == 0 and away[4] == 1 and away[19] == verdict.STROKE_LIMIT and away[5] == 0
    blank = np.zeros((60, load_model().matrix.shape[1]), np.int8)
    index.gallery.packed = blank  # all alike, so that only strokes tell
    places, evidence = next(iter(index.measure([[bitmaps(font, 24)[0]]], strokes=[3])))
    assert {0.0} == set(evidence.strokes[:4].tolist()) and set(places[:4].tolist()) == {3, 5, 23, 43}


def test_a_real_index_knows_the_strokes_of_the_list(index):
    import gaiji

    known = gaiji.load_repertoire()
    assert [known[name].strokes for name in index.gallery.names] == index._strokes.tolist()


# -- comparison of sisters


def test_equal_planes_are_nearest_and_a_cell_of_play_costs_little():
    rng = np.random.default_rng(4)
    query = rng.random((8, 20, 20), np.float32) * (rng.random((1, 20, 20)) < 0.2)
    shifted = np.roll(query, 1, axis=2)
    other = np.roll(query, 5, axis=2)
    whole, focus, peak = compare(
        query, np.stack((query, shifted, other)), np.array([0.9, 0.9, 0.9], np.float32)
    )
    assert whole[0] == focus[0] == peak[0] == 0
    for distance in (whole, focus, peak):
        assert distance[0] < distance[1] < distance[2]
    assert whole[1] < whole[2] / 5


def test_focus_counts_only_where_candidates_differ():
    rng = np.random.default_rng(5)
    first = rng.random((8, 20, 20)).astype(np.float32)
    second = first.copy()
    second[:, 15:18, 15:18] = 0  # the one difference of the sisters
    query = first.copy()
    query[:, :8, :8] = 0  # a difference of typeface that both share
    whole, focus, _ = compare(query, np.stack((first, second)), np.array([0.9, 0.9], np.float32))
    assert whole[0] > 0.05 and focus[0] < 1e-3 < focus[1]


# -- verdicts


def test_shares_add_up_and_the_nearer_candidate_gets_more():
    evidence = verdict.Evidence(
        np.array([0.9, 0.8, 0.7], np.float32),
        np.array([[0.1, 0.2, 0.3]] * 3, np.float32),
        np.zeros(3, np.float32),
        24,
    )
    shares, known = verdict.share_out(evidence, load_calibration())
    assert abs(float(shares.sum()) - 1) < 1e-5 and shares[0] > shares[1] > shares[2] and 0 <= known <= 1


@pytest.mark.parametrize(
    "certainty, known, says",
    [
        (0.9, 0.95, "near-certain"),
        (0.89, 0.95, "likely"),
        (0.1, 0.2, "likely"),
        (0.1, 0.19, "not-in-repertoire"),
        (0.95, 0.1, "not-in-repertoire"),
    ],
)
def test_the_verdict_follows_the_thresholds(certainty, known, says):
    assert verdict.judge(certainty, known, {"least_known": 0.2, "least_certain": 0.9}) == says


def test_scribbles_are_not_said_to_be_near_certain(index):
    rng = np.random.default_rng(6)
    answers = index.query_many([[(rng.random((24, 24)) < 0.4).astype(np.uint8) * 255] for _ in range(20)])
    assert all(answer.verdict != "near-certain" for answer in answers)
    assert sum(answer.verdict == "not-in-repertoire" for answer in answers) >= 18


# -- refusals


@pytest.mark.parametrize(
    "picture, says",
    [
        (np.zeros((24, 24), np.uint8), "empty"),
        (np.full((24, 24), 255, np.uint8), "all black"),
        (np.full((24, 24), 60, np.uint8), "empty"),
        (np.ones((6, 24), np.uint8), "too small"),
        (np.ones((24, 2000), np.uint8), "too large"),
        (np.ones((2, 24, 24), np.uint8), "3 axes"),
        (np.ones((24, 24), np.float32), "float32"),
        (Image.new("L", (24, 24), 255), "empty"),
        (Image.new("L", (24, 24), 0), "empty"),
        (Image.new("1", (9000, 9000), 1), "too large"),
    ],
)
def test_what_cannot_be_a_character_is_one_line(index, picture, says):
    with pytest.raises(ShapeError, match=says) as caught:
        index.query([picture])
    assert "\n" not in str(caught.value)


def test_a_code_without_pictures_is_named(index, font):
    with pytest.raises(ShapeError, match="code 2: no picture"):
        index.query_many([[bitmaps(font, 24)[0]], []])
    assert index.query_many([]) == []


def test_a_flat_stroke_is_no_black_picture():
    stroke = np.zeros((24, 24), np.uint8)
    stroke[11:13, 1:23] = 255
    assert as_ink(stroke).shape == (2, 22)


# -- the command


def test_the_command_prints_verdict_and_glyphs(font, tmp_path):
    picture = tmp_path / "a.png"
    Image.fromarray(255 - bitmaps(font, 32)[12]).save(picture)
    done = CliRunner().invoke(main, ["glyph", "find", str(picture), "--font", str(font), "--limit", "3"])
    assert done.exit_code == 0, done.output
    rows = done.stdout.splitlines()
    assert rows[0] in shape.find.VERDICTS.values() and len(rows) == 4 and rows[1].startswith("  1. MJ006012 ")


def test_the_command_refuses_in_one_line(font, tmp_path):
    white, text, none = tmp_path / "white.png", tmp_path / "text.png", tmp_path / "none.png"
    Image.new("L", (24, 24), 255).save(white)
    text.write_text("no picture")
    for file, says in ((white, "empty"), (text, "not a PNG"), (none, "cannot be read")):
        done = CliRunner().invoke(main, ["glyph", "find", str(file), "--font", str(font)])
        assert done.exit_code == 1 and says in done.stderr and done.stderr.count("\n") == 1, done.stderr
    done = CliRunner().invoke(main, ["glyph", "find", str(white), "--font", str(text)])
    assert done.exit_code == 1 and done.stderr.count("\n") == 1


def test_without_the_extra_the_install_line_is_said():
    code = "import sys; sys.modules['freetype'] = None; from gaiji.cli import main; main(['glyph', 'find', 'x.png'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert (
        done.returncode == 2 and "pip install 'gaiji[images]'" in done.stderr and done.stderr.count("\n") == 1
    )


def test_a_folder_that_cannot_be_written_is_one_line(font, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "file"))
    with pytest.raises(ShapeError, match="cannot keep the index"):
        load_index([font])


# -- the real font


@pytest.mark.system
def test_the_real_font_is_indexed_and_answers():
    path = Path("/usr/share/fonts/truetype/ipamj/ipamjm.ttf")
    if not path.is_file():
        pytest.fail("fonts-ipamj-mincho is not installed (.ci/install does it)")
    real = load_index([path])
    assert len(real) == 59_161 and real.gallery.path.stat().st_size < 16_000_000
    places = list(range(100, 50_000, 250))
    sources = real.gallery.sources[places, 1]
    pictures = draw(open_font(path), sources, 24, mono=True)
    answers = real.query_many([[picture] for picture in pictures])
    right = [
        answer.matches[0].glyph == real.gallery.names[place]
        for answer, place in zip(answers, places, strict=True)
    ]
    assert sum(right) >= 0.97 * len(right)
    truth = [line.split("\t") for line in (samples_dir() / "truth.tsv").read_text("utf-8").splitlines()[1:]]
    folders = {"juki-jef.dat": "jef", "koseki-keis.dat": "keis", "juki-windows.csv": "windows"}
    files = [samples_dir() / "gaiji" / folders[dump] / f"{code}.png" for dump, code, _ in truth]
    for (_, _, glyph), answer in zip(
        truth, real.query_many([[read_image(file)] for file in files], limit=5), strict=True
    ):
        if glyph == "none":
            assert answer.verdict == "not-in-repertoire"
        else:
            assert (
                glyph in [match.glyph for match in answer.matches] and answer.verdict != "not-in-repertoire"
            )
