PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CODE := gaiji mappings tests data setup.py

.PHONY: check minima docs format messages demo test lint types bench soak eval-candidates eval-shape eval-overlay mappings shape-model shape-calibration clean

$(VENV)/ready: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e '.[dev]'
	touch $@

# All that a change must pass before it is handed in.
check: lint types docs test

# Neighbouring tests share what they loaded, so each worker has its stretch and helps the other at the end. They start hundreds of
# processes: where the variable is set, as some images do, each would compile the package anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/ready
	$(BIN)/python -m pytest -n auto --dist worksteal

demo: $(VENV)/ready
	$(BIN)/gaiji demo out/demo

# New errors into docs/errors.tsv and docs/errors.md, and every text that a person meets into build/gaiji.pot.
messages: $(VENV)/ready
	$(BIN)/python tests/make_messages.py

eval-candidates: $(VENV)/ready
	$(BIN)/python tests/eval/candidates.py

bench: $(VENV)/ready
	$(BIN)/python tests/bench/start.py
	$(BIN)/python tests/bench/calls.py
	$(BIN)/python tests/bench/limits.py
	$(BIN)/python tests/bench/run.py
	$(BIN)/python tests/bench/review_queue.py
	$(BIN)/python tests/bench/town.py
	$(BIN)/python -m pip install -q -e '.[bench]'
	$(BIN)/python tests/bench/people.py
	$(BIN)/python tests/bench/shrinking.py
	$(BIN)/python tests/bench/searching.py

# About an hour and a half on two cores: killed runs, ten million fields through kernels that check every access, ten minutes of each
# fuzz target. docs/reliability.md has what it printed.
soak: $(VENV)/ready
	$(BIN)/python -m pip install -q -e '.[fuzz]'
	$(BIN)/python -m pytest -s -m soak
	.ci/sanitize 10000000
	$(BIN)/python tests/fuzz/run.py --seconds 600 --jobs 2

# The oldest packages that pyproject.toml allows, and every Python that can be had.
minima: $(VENV)/ready
	.ci/minima

types: $(VENV)/ready
	$(BIN)/mypy

lint: $(VENV)/ready
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

format: $(VENV)/ready
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

# Links, the pages made from the code, and the examples of CONTRIBUTING.md.
docs: $(VENV)/ready
	$(BIN)/python -m pytest tests/test_docs.py tests/test_contributing.py tests/test_cli.py tests/test_job.py

mappings: $(VENV)/ready
	$(BIN)/python mappings/build/make.py
	$(BIN)/python mappings/build/repertoire.py
	$(BIN)/python mappings/build/relations.py
	$(BIN)/python mappings/build/keys.py
	$(BIN)/python mappings/build/sequences.py
	$(BIN)/python mappings/build/codepoints.py
	$(BIN)/python mappings/build/lookups.py

shape-model: $(VENV)/ready
	$(BIN)/python tests/eval/shape/train.py

shape-calibration: $(VENV)/ready
	$(BIN)/python tests/eval/shape/calibrate.py

eval-shape: $(VENV)/ready
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/eval/shape/evaluate.py

eval-overlay: $(VENV)/ready
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/eval/shape/overlay.py

clean:
	rm -rf $(VENV) build *.egg-info gaiji/kernel/*.so gaiji/kernel/*.c
