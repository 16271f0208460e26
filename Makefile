PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types bench soak eval-candidates eval-shape mappings shape-model shape-calibration clean

$(VENV)/ready: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e '.[dev]'
	touch $@

test: $(VENV)/ready
	$(BIN)/python -m pytest -n auto

demo: $(VENV)/ready
	$(BIN)/gaiji demo out/demo

eval-candidates: $(VENV)/ready
	$(BIN)/python tests/eval/candidates.py

bench: $(VENV)/ready
	$(BIN)/python tests/bench/run.py
	$(BIN)/python tests/bench/review_queue.py
	$(BIN)/python -m pip install -q -e '.[bench]'
	$(BIN)/python tests/bench/people.py
	$(BIN)/python tests/bench/shrinking.py
	$(BIN)/python tests/bench/searching.py

# About an hour and a half on two cores: killed runs, ten million fields through kernels that check every access, ten minutes of each
# fuzz target. docs/reliability.md has what it printed.
soak: $(VENV)/ready
	$(BIN)/python -m pip install -q -e '.[fuzz]'
	$(BIN)/python -m pytest -s -m slow tests/test_resume.py tests/test_verify.py
	.ci/sanitize 10000000
	$(BIN)/python tests/fuzz/run.py --seconds 600 --jobs 2

types: $(VENV)/ready
	$(BIN)/mypy

lint: $(VENV)/ready
	$(BIN)/ruff check gaiji mappings tests

mappings: $(VENV)/ready
	$(BIN)/python mappings/build/make.py
	$(BIN)/python mappings/build/repertoire.py
	$(BIN)/python mappings/build/relations.py
	$(BIN)/python mappings/build/keys.py
	$(BIN)/python mappings/build/sequences.py

shape-model: $(VENV)/ready
	$(BIN)/python tests/eval/shape/train.py

shape-calibration: $(VENV)/ready
	$(BIN)/python tests/eval/shape/calibrate.py

eval-shape: $(VENV)/ready
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/eval/shape/evaluate.py

clean:
	rm -rf $(VENV) build *.egg-info gaiji/kernel/*.so gaiji/kernel/*.c
