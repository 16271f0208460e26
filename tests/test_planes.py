"""The loops over pictures, compiled and interpreted, against numpy's own arithmetic; the first stage of shape against
all products; a gallery built by several threads."""

from __future__ import annotations

from array import array
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import interpreted

np = pytest.importorskip("numpy")
pytest.importorskip("freetype")
pytest.importorskip("PIL")

from gaiji.kernel import planes as kernel  # noqa: E402
from gaiji.shape import features, gallery, nearest, sisters  # noqa: E402
from gaiji.shape.model import load_model, unit  # noqa: E402
from tests.fonts import bars, font_bytes  # noqa: E402

PLAIN = interpreted("planes")
by_numpy = patch.object(kernel, "compiled", lambda: False)
pictures = st.builds(
    lambda seed, rows, columns, dense: (
        np.random.default_rng(seed).integers(0, 256, (2, rows, columns))
        * (np.random.default_rng(seed + 1).random((2, rows, columns)) < dense)
    ).astype(np.uint8),
    st.integers(0, 2**20),
    st.integers(1, 150),
    st.integers(1, 300),
    st.sampled_from((0.0, 0.01, 0.3, 1.0)),
)


@pytest.mark.skipif(not kernel.compiled(), reason="the kernel is interpreted here")
@settings(max_examples=40, deadline=None)
@given(pictures)
def test_pictures_are_described_as_numpy_does(some):
    squares = features.normalise(some)
    parts = features.planes(squares)
    fine = features.fine_planes(some)
    with by_numpy:
        assert np.allclose(features.normalise(some), squares, rtol=0, atol=1e-6)
        assert np.array_equal(features.planes(squares), parts)
        assert np.allclose(features.fine_planes(some), fine, rtol=0, atol=1e-3)


@pytest.mark.skipif(not kernel.compiled(), reason="the kernel is interpreted here")
def test_sums_of_ink_are_numpys_to_the_last_digit():
    """So that an index keeps what one made by numpy holds."""
    for columns in (1, 7, 8, 120, 128, 129, 300, 1024):
        some = np.random.default_rng(columns).integers(0, 256, (2, 9, columns)).astype(np.uint8)
        made = features._inks(some)
        with by_numpy:
            for one, other in zip(made, features._inks(some), strict=True):
                assert np.array_equal(one, other)


def numbers(values: np.ndarray) -> array:
    return array({"f": "f", "u": "B", "i": "h"}[values.dtype.kind], values.reshape(-1).tolist())


GIVEN = np.asarray if kernel.compiled() else numbers
"""Interpreted loops take Python's own numbers; the toolkit gives them none."""


def test_the_loops_over_pictures_find_the_same_interpreted():
    side, rng = 16, np.random.default_rng(7)
    some = rng.integers(0, 256, (2, 20, 24)).astype(np.uint8)
    some[0, :5] = some[1, :, :7] = 0
    found = []
    for module, kind in ((kernel, GIVEN), (PLAIN, numbers)):
        inks, across, down = (kind(np.empty(size, np.float32)) for size in (2 * 480, 48, 40))
        module.ink(kind(some.reshape(-1)), 20, 24, inks, across, down)
        places = kind(np.array([11.5, 1.4, 9.1, 0.7, 15.0, 0.9, 10.0, 1.3], np.float32))
        squares = kind(np.empty(2 * side * side, np.float32))
        module.resample(inks, across, down, places, side, kind(np.empty(48 * side, np.float32)), squares)
        planes = kind(np.empty(16 * side * side, np.float32))
        scratch = kind(np.zeros((side + 2) * (2 * side + 2) + 6 * side, np.float32))
        module.split(squares, side, scratch, planes)
        found.append([inks, across, down, squares, planes])
    for one, other in zip(*found, strict=True):
        assert np.asarray(one).any() and np.allclose(one, other, rtol=0, atol=1e-4)


def test_the_loops_that_compare_find_the_same_interpreted():
    rng = np.random.default_rng(8)
    query, candidates = (rng.random(size, np.float32) for size in ((2, 5, 5), (3, 2, 5, 5)))
    framed = [sisters._framed(one).reshape(-1) for one in (query, candidates)]
    costs = sisters._COSTS.reshape(-1)
    vectors = rng.integers(-127, 128, (9, 6)).astype(np.int8)
    whole, shares = rng.integers(-32767, 32768, 6).astype(np.int16), rng.random(9, np.float32)
    found = []
    for module, kind in ((kernel, GIVEN), (PLAIN, numbers)):
        best, out = kind(np.empty(3 * 25, np.float32)), kind(np.empty(9, np.float32))
        module.displaced(*map(kind, framed), 2, 5, kind(costs), kind(np.empty(98, np.float32)), best)
        module.products(kind(vectors.reshape(-1)), kind(whole), kind(shares), out)
        found.append((best, out))
    with by_numpy:
        truth = sisters._displaced(query, candidates), (vectors.astype(np.int64) @ whole) * shares
    for one, other, right in zip(*found, truth, strict=True):
        assert np.allclose(one, right.reshape(-1), rtol=1e-5)
        assert np.allclose(other, right.reshape(-1), rtol=1e-5)


# -- the first stage


def of(packed: np.ndarray) -> gallery.Gallery:
    return gallery.Gallery(
        (), tuple(map(str, range(len(packed)))), np.zeros((0, 2)), packed, Path("none"), True
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**20),
    st.integers(1, 900),
    st.integers(1, 40),
    st.sampled_from((1, 50, 3000)),
    st.booleans(),
)
def test_the_nearest_are_those_of_all_products(seed, size, count, lean, costly):
    """Also where the rounding to whole numbers hides what tells two apart (``lean``: one great component)."""
    rng = np.random.default_rng(seed)
    query = rng.normal(size=224).astype(np.float32)
    query[0] *= lean
    packed = gallery.pack(unit(rng.normal(size=(size, 224)).astype(np.float32)))
    packed[:, 0] = packed[0, 0]
    packed[size // 2] = 0
    costs = (rng.integers(0, 5, size) * np.float32(0.02)).astype(np.float32) if costly else None
    query = unit(query[None])[0]
    places, cosines = nearest.nearest(of(packed), query, costs, count)
    exact = unit(packed.astype(np.float32)).astype(np.float64) @ query
    assert np.allclose(cosines, exact[places], atol=1e-6) and len(set(places)) == min(count, size)
    worth = exact if costs is None else exact - costs
    assert np.allclose(worth[places], np.sort(worth)[::-1][: len(places)], atol=1e-6)


def test_equal_glyphs_come_in_the_gallerys_order():
    packed = np.ones((200, 224), np.int8)
    assert nearest.nearest(of(packed), np.ones(224, np.float32), None, 7)[0].tolist() == list(range(7))


# -- the gallery


def test_a_gallery_is_the_same_from_one_thread_and_from_four(tmp_path, monkeypatch):
    font = tmp_path / "test.ttf"
    font.write_bytes(font_bytes({f"mj{6000 + seed:06}": bars(seed) for seed in range(60)}))
    _, sources = gallery._list_glyphs([font])
    monkeypatch.setattr(gallery, "_BATCH", 7)
    monkeypatch.setattr(gallery, "_TOGETHER", 2)
    made = [built(font, sources, processors) for processors in (1, 4)]
    pictures = gallery._draw([gallery.open_font(font)], sources, gallery.DOTS)
    made.append(gallery.pack(load_model().project(features.describe(pictures))))
    assert np.array_equal(made[0], made[1]) and np.array_equal(made[0], made[2])


def built(font: Path, sources: np.ndarray, processors: int) -> np.ndarray:
    calls: list[tuple[int, int]] = []
    with patch.object(gallery, "os", SimpleNamespace(cpu_count=lambda: processors)):
        packed = gallery._build([font], sources, load_model(), lambda *call: calls.append(call))
    assert calls == [(14, 60), (28, 60), (42, 60), (56, 60), (60, 60)]
    return packed
