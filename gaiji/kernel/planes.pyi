"""Types of the kernel, for tools: compiled or not, it is called the same way."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy.typing as npt

Given: TypeAlias = "npt.NDArray[Any] | Sequence[float]"
Made: TypeAlias = "npt.NDArray[Any]"

CONSTANTS: dict[str, int]

def compiled() -> bool: ...
def ink(pictures: Given, rows: int, columns: int, inks: Made, across: Made, down: Made) -> None: ...
def resample(
    inks: Given, across: Given, down: Given, places: Given, side: int, scratch: Made, squares: Made
) -> None: ...
def split(squares: Given, side: int, scratch: Made, planes: Made) -> None: ...
def displaced(
    query: Given, candidates: Given, directions: int, cells: int, costs: Given, scratch: Made, best: Made
) -> None: ...
def products(vectors: Given, query: Given, shares: Given, out: Made) -> None: ...
