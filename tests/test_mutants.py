"""The list of mutants that cannot be told from the code is in step with the code."""

from __future__ import annotations

import ast
from collections import Counter

from mutants.operators import alone, changes, function_of, mutants, mutated, statements
from mutants.targets import TARGETS
from mutate import KNOWN, known


def test_each_mutant_that_is_known_to_be_equivalent_is_still_made():
    """By function and text; a line that is gone, or stands there twice with one reason, is no longer explained."""
    listed, made = known(), Counter()
    for module, name in sorted({key[:2] for key in listed}):
        tree = alone(module, name)
        lines = [ast.unparse(one).splitlines()[0] for one in statements(function_of(tree, name))]
        wanted = {before for *of, before, _ in listed if of == [module, name]}
        for mutant in mutants([f"{module}:{name}"]):
            if lines[mutant.statement] in wanted:
                made[(module, name, *mutated(mutant, tree)[1:])] += 1
    assert {key: made[key] for key in listed} == dict.fromkeys(listed, 1)
    assert KNOWN.read_text("utf-8").count("[[mutant]]") == len(listed), "one twice"
    assert all(reason.endswith(".") and len(reason) > 30 for reason in listed.values())


def test_the_functions_that_are_mutated_are_there_and_have_mutants():
    assert len(mutants(TARGETS)) > 5000


def test_no_text_and_nothing_that_only_compiled_kernels_run_is_changed():
    source = (
        'def f(a: int = 1) -> int:\n    """Doc 1."""\n    if cython.compiled:\n        a += 1\n    x = 1 if a == 2 else 0\n'
        '    raise Error(fault("E1", "{n}", n=a + 1), record=a + 1)\n'
    )
    found = [what for _, what, _ in changes(function_of(ast.parse(source), "f"))]
    assert (
        found.count("changed: a == 2") == 1
        and found.count("changed: 1") == 3
        and found.count("changed: 0") == 1
    )
    assert found.count("changed: a + 1") == 1
