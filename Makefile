# mmirstd: `make help` lists the targets.  Everything happens in .venv beside this file.
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
VENV := $(ROOT).venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
APP_STAMP := $(VENV)/.installed-app
DEPLOY_STAMP := $(VENV)/.installed-deploy
DOCS_STAMP := $(VENV)/.installed-docs
PYTHON ?= python3
DEMO_DIR ?= $(ROOT)demo_out
PYTEST_ARGS ?=
APP_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo demo-moving app test test-fast gpu-check test-durations test-pythons test-openmmlab coverage lint docs clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(ROOT)Makefile | sed -E 's/:.*## /\t/' | expand -t 12

# No compiler is needed: mmcv is installed without its C++ ops, mmirstd.compat stands in for the one that matters.
$(STAMP): $(ROOT)requirements.txt $(ROOT)setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "mmirstd's tested set-up needs Python >= 3.10, $(PYTHON) is older; try: make PYTHON=python3.12 install" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments; install its venv package (Debian: apt install python3-venv)" >&2; exit 1; }
	@test -x $(PY) || { echo "== creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "== installing requirements.txt (one to three minutes)"
	MMCV_WITH_OPS=0 $(PY) -m pip install --disable-pip-version-check --progress-bar off -r $(ROOT)requirements.txt
	$(PY) -m pip install --disable-pip-version-check --progress-bar off --no-deps -e $(ROOT)
	@cd $(ROOT) && $(PY) -m mmirstd.compat
	@touch $@

# ONNX, ONNX Runtime and OpenVINO, for `mmirstd export` and the tests of it.
$(DEPLOY_STAMP): $(STAMP) $(ROOT)requirements-deploy.txt
	@echo "== installing requirements-deploy.txt"
	$(PY) -m pip install --disable-pip-version-check --progress-bar off -r $(ROOT)requirements-deploy.txt
	@touch $@

# Gradio, for the app and its tests alone.
$(APP_STAMP): $(STAMP) $(ROOT)requirements-app.txt
	@echo "== installing requirements-app.txt"
	$(PY) -m pip install --disable-pip-version-check --progress-bar off -r $(ROOT)requirements-app.txt
	@touch $@

# Sphinx, for the documentation site alone.
$(DOCS_STAMP): $(STAMP) $(ROOT)requirements-docs.txt
	@echo "== installing requirements-docs.txt"
	$(PY) -m pip install --disable-pip-version-check --progress-bar off -r $(ROOT)requirements-docs.txt
	@touch $@

install: $(STAMP)  ## set up .venv with the tested versions

demo: $(STAMP)  ## generate scenes, train a tiny GGL-Net, test it beside white top-hat, draw pictures (minutes on CPU)
	cd $(ROOT) && $(PY) examples/demo.py --out $(DEMO_DIR)

demo-moving: $(STAMP)  ## the same for moving targets: sequences, a small YOLO-BP, an animation (minutes on CPU)
	cd $(ROOT) && $(PY) examples/demo_moving.py --out $(DEMO_DIR)/moving

app: $(APP_STAMP)  ## open a page to try detectors on your own images and videos (APP_ARGS="--port 8000")
	cd $(ROOT) && $(PY) tools/app.py $(APP_ARGS)

test: $(APP_STAMP) $(DEPLOY_STAMP)  ## run all tests, one process for each core
	cd $(ROOT) && $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(PYTEST_ARGS)

test-fast: $(APP_STAMP) $(DEPLOY_STAMP)  ## leave out what was measured to be slow (tests/data/durations.json)
	$(MAKE) test PYTEST_ARGS='-m "not slow" $(PYTEST_ARGS)'

gpu-check: $(APP_STAMP)  ## on a machine with a GPU: every network computes there what it computes on the CPU
	cd $(ROOT) && $(PY) -m pytest -m gpu $(PYTEST_ARGS)

test-durations: $(APP_STAMP)  ## run all tests and record their CPU seconds
	cd $(ROOT) && OMP_NUM_THREADS=1 $(PY) -m pytest --record-durations

test-pythons:  ## run the fast tests on every other Python that is installed, each in .venv-<version>
	@$(ROOT).ci/pythons $(PYTHON)

# The original packages in an environment of their own: both lines in one do not work.
OPENMMLAB := $(ROOT).venv-openmmlab
OPENMMLAB_TESTS ?= tests/test_compat tests/test_engine tests/test_evaluation tests/test_apis tests/test_models
$(OPENMMLAB)/.installed: $(ROOT)requirements.txt
	@test -x $(OPENMMLAB)/bin/python || $(PYTHON) -m venv $(OPENMMLAB)
	@echo "== installing mmengine, mmcv-lite, mmdet and mmsegmentation into $(OPENMMLAB)"
	@# mmengine 0.10 imports pkg_resources, which newer setuptools no longer have
	{ grep -v '^onedl-' $(ROOT)requirements.txt; echo 'setuptools<81'; echo wheel; } > $(OPENMMLAB)/requirements.txt
	$(OPENMMLAB)/bin/python -m pip install --disable-pip-version-check --progress-bar off -r $(OPENMMLAB)/requirements.txt
	$(OPENMMLAB)/bin/python -m pip install --disable-pip-version-check --progress-bar off --no-build-isolation mmcv-lite==2.1.0
	$(OPENMMLAB)/bin/python -m pip install --disable-pip-version-check --progress-bar off \
	  'setuptools<81' mmengine==0.10.7 mmdet==3.3.0 mmsegmentation==1.2.2 ftfy regex
	$(OPENMMLAB)/bin/python -m pip install --disable-pip-version-check --progress-bar off --no-deps -e $(ROOT)
	@cd $(ROOT) && $(OPENMMLAB)/bin/python -m mmirstd.compat
	@touch $@

test-openmmlab: $(OPENMMLAB)/.installed  ## run the fast tests of the core on the original OpenMMLab packages
	cd $(ROOT) && $(OPENMMLAB)/bin/python -m pytest -n auto --dist loadfile -m "not slow" $(OPENMMLAB_TESTS) $(PYTEST_ARGS)

coverage: $(APP_STAMP)  ## run all tests and list the lines that none runs, htmlcov/index.html
	$(MAKE) test PYTEST_ARGS='--cov=mmirstd --cov-report=term:skip-covered --cov-report=html $(PYTEST_ARGS)'

lint: $(STAMP)  ## check style, format and types
	cd $(ROOT) && $(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

docs: $(DOCS_STAMP)  ## build the documentation site, docs/_build/html/index.html; a warning is an error
	cd $(ROOT) && $(PY) -m sphinx -b html -q -W --keep-going -c docs -d docs/_build/doctrees . docs/_build/html

clean:  ## remove .venv, the demo's results and the built site
	rm -rf $(VENV) $(ROOT).venv-3.* $(OPENMMLAB) $(DEMO_DIR) $(ROOT)htmlcov $(ROOT)docs/_build $(ROOT)docs/api
