PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types bench eval-candidates eval-shape mappings shape-model shape-calibration clean

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

types: $(VENV)/ready
	$(BIN)/mypy

lint: $(VENV)/ready
	$(BIN)/ruff check gaiji mappings tests

mappings: $(VENV)/ready
	$(BIN)/python mappings/build/make.py
	$(BIN)/python mappings/build/repertoire.py
	$(BIN)/python mappings/build/relations.py

shape-model: $(VENV)/ready
	$(BIN)/python tests/eval/shape/train.py

shape-calibration: $(VENV)/ready
	$(BIN)/python tests/eval/shape/calibrate.py

eval-shape: $(VENV)/ready
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/eval/shape/evaluate.py

clean:
	rm -rf $(VENV) build *.egg-info gaiji/*.so gaiji/kernel*.c
