# Every target may be run again at any time; `make help` lists them.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help env environments book serve test notebooks lab torch chapter rehome homework grade formgrader bench lint requirements clean distclean

PYTHON ?=
PORT ?= 8000
COURSE ?= course
# Not on a command line, where other users of the machine could read its password.
export GRADEBOOK
BIN := .venv/bin
RUN := $(BIN)/python -m
HOMEWORK = PYTHONPATH=book/_tools $(RUN) homework --course "$(COURSE)"
ENVIRONMENT := PYTHON="$(PYTHON)" sh book/_tools/environment.sh

help: ## List the targets (the default)
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 22
	@echo "Options: PYTHON=/path/to/python3 chooses the interpreter, PORT=8001 the port of serve, lab and formgrader, COURSE=folder where homework lies."

env: ## Make .venv with the pinned requirements and softlib
	@$(ENVIRONMENT) .venv requirements.txt

book: env ## Build the site into _build/html, without a single warning
	@$(BIN)/jupyter-book build . -W --keep-going -n
	@echo "The book is at $(CURDIR)/_build/html/index.html"

serve: book ## Build the site and serve it on this machine only
	@echo "Serving http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(RUN) http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# What needs neither of the other is made side by side: from nothing, that saves a minute.
test: programs ## Run every test: softlib, notebooks, site, browser
	@$(MAKE) --jobs=2 book environments
	@$(RUN) pytest

notebooks: env ## Execute all notebooks and bring them into canonical form
	@$(BIN)/python book/_tools/notebooks.py

lab: env ## Open JupyterLab on the notebooks
	@$(RUN) jupyterlab --ip=127.0.0.1 --port=$(PORT) --notebook-dir=notebooks

chapter: env ## Start a chapter from the template: make chapter NAME=12_relatives
	@$(BIN)/python book/_tools/new_chapter.py "$(NAME)"

rehome: env ## Change the repository's address everywhere: make rehome URL=https://…
	@$(BIN)/python book/_tools/rehome.py "$(URL)"

torch: env ## Add PyTorch (CPU), with which the tests and the benchmarks then compare
	@$(BIN)/python -c "import torch" 2>/dev/null || $(RUN) pip install --quiet --disable-pip-version-check -r tests/environments/torch.txt

homework: env environments ## Make and verify the students' copies of all assignments, in COURSE=course
	@$(HOMEWORK) make

grade: env ## Grade notebooks: make grade HW=hw1_definition SUBMISSIONS=folder (options: the instructor's guide)
	@$(HOMEWORK) grade "$(HW)" "$(SUBMISSIONS)" $(if $(WORKERS),--workers "$(WORKERS)") $(if $(SCHEDULER),--scheduler "$(SCHEDULER)") $(if $(ACCEPT),--accept "$(ACCEPT)") $(if $(RETRY),--retry) $(if $(filter 1,$(UNSAFE)),--unsafe)

formgrader: env ## Open JupyterLab with nbgrader's formgrader, for what is graded by hand
	@$(HOMEWORK) formgrader --port "$(PORT)"

bench: env ## Time softlib beside SciPy, bare exponentials and (if installed) PyTorch
	@$(BIN)/python tests/benchmarks/bench.py
	@$(RUN) pytest tests/benchmarks --numprocesses=0 --benchmark-only

lint: env ## Check style and types
	@$(RUN) ruff check . && $(RUN) ruff format --check . && $(RUN) mypy

environments: apart env ## Make the environments in which single notebooks are tested
	@ls .wheelhouse/flit_core-*.whl >/dev/null 2>&1 || $(RUN) pip download --quiet --retries 1 --no-deps --dest .wheelhouse "$$(grep -o '^flit.core==[^ ]*' requirements.txt)" || { echo "make: cannot download flit_core: connect to the network and run make again." >&2; exit 1; }

requirements: env ## Compile requirements.txt from pyproject.toml, with the newest releases
	@$(RUN) uv pip compile pyproject.toml --all-extras --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-annotate --upgrade --output-file requirements.txt >/dev/null

clean: ## Remove what was built
	@rm -rf _build dist .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## Remove what was built, and the environments
	@rm -rf .venv .venv-colab .venv-newest .wheelhouse

# Asked for before anything slow is done.
.PHONY: programs apart
programs:
	@sh book/_tools/programs.sh

# These need nothing of .venv, so that they are made beside it.
apart:
	@PYTHON= sh book/_tools/environment.sh .venv-colab tests/environments/colab.txt python3.12 "$(PYTHON)"
	@$(ENVIRONMENT) .venv-newest tests/environments/newest.txt
