# make demo | study | pipeline | test | test-fast | test-long | lint | docs | notebook: each sets up what it
# needs, in .venv, and no more: setup-demo TensorFlow and what serving needs, setup also JAX, torch
# and development, setup-pipeline also TFX.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
# Tests of the spec, the transforms, the readers and the metrics involve no Keras backend: they run
# once, with TensorFlow's (whose ops are one of the transform's engines). The others run on all.
EVERY_BACKEND := tests/layers tests/losses tests/models tests/parity tests/training \
	tests/benchmark tests/evaluation tests/export tests/integration tests/data/prepared/test_dataset.py \
	tests/metrics/test_keras_metrics.py tests/callbacks tests/testing \
	tests/scoring/test_run_scorer.py tests/study/test_runs.py tests/study/test_study_command.py \
	tests/tuning/test_tune_command.py tests/cli/test_kill.py
# Under two minutes on two cores, without TFX: what a change of the code breaks first. Layers and the
# kernels of features, which compile much, are left to `make test`.
FAST := tests/spec tests/files tests/request tests/metrics tests/losses tests/data/history \
	tests/serving/batching tests/serving/rest tests/test_import_circles.py \
	tests/search tests/test_input_names.py tests/test_public_names.py tests/test_served_names.py
NOTEBOOK := notebooks/from_spec_to_served_ranking.ipynb
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -p no:cacheprovider

# Tests read KServe's models; its server's own requirements disagree with TFX's.
KSERVE := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt kserve

# Bytecode is compiled once: without it every process spends most of a minute importing TensorFlow.
unexport PYTHONDONTWRITEBYTECODE
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: setup-demo setup setup-study setup-pipeline demo study pipeline test test-tensorflow test-pipeline test-jax test-torch \
	test-fast test-long lint docs notebook clean

COMPILE := $(BIN)/python -m compileall -q -j 0 .venv/lib > /dev/null || true

setup-demo: .venv/demo-ready

.venv/demo-ready: setup.py pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[tensorflow,serving]'
	$(COMPILE)
	touch $@

setup-study: .venv/study-ready

# torch runs a study's many short runs without compiling them first.
.venv/study-ready: .venv/demo-ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[tensorflow,torch,serving,study,lightgbm]'
	$(COMPILE)
	touch $@

setup: .venv/ready

.venv/ready: .venv/demo-ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[tensorflow,jax,torch,serving,dev]'
	$(KSERVE)
	$(COMPILE)
	touch $@

setup-pipeline: .venv/pipeline-ready

# TFX joins the same environment; two of its wheels are adapted first, see tfx_pipeline/wheels.
.venv/pipeline-ready: .venv/ready
	$(BIN)/python -m tfx_pipeline.wheels .venv/wheels
	$(BIN)/pip install --quiet --disable-pip-version-check --find-links .venv/wheels \
		-c constraints.txt -e '.[tensorflow,jax,torch,serving,tfx,dask,dev]'
	$(COMPILE)
	touch $@

demo: setup-demo
	rm -rf demo
	$(BIN)/infnet data generate --spec qb_video --out demo/raw --users 2000 --events 120000 --seed 0
	$(BIN)/infnet data prepare --spec qb_video --raw demo/raw --out demo/data --valid-from 0.8 --test-from 0.9
	$(BIN)/infnet train --spec qb_video --data demo/data --run demo/run
	$(BIN)/infnet evaluate --run demo/run --data demo/data --split test --json demo/report.json
	$(BIN)/infnet export --run demo/run --out demo/models/qb_video
	$(BIN)/infnet predict --model demo/models/qb_video --json demo/models/qb_video/1/assets.extra/example_request.json

study: setup-study
	rm -rf study
	$(BIN)/infnet data generate --spec qb_video --out study/raw --users 500 --events 24000 --seed 0
	$(BIN)/infnet data prepare --spec qb_video --raw study/raw --out study/data --valid-from 0.8 --test-from 0.9
	$(BIN)/infnet study demo --data study/data --out study/out

pipeline: setup-pipeline
	rm -rf pipeline
	$(BIN)/infnet data generate --spec qb_video --out pipeline/raw --users 1000 --events 50000 --seed 0
	$(BIN)/python -m tfx_pipeline.run_local --spec qb_video --data pipeline/raw --root pipeline/run
	$(BIN)/infnet predict --model pipeline/run/serving_model/qb_video \
		--json "$$(ls -d pipeline/run/serving_model/qb_video/*/ | tail -1)assets.extra/example_request.json"

test: test-tensorflow test-jax test-torch test-pipeline

test-tensorflow: setup
	KERAS_BACKEND=tensorflow $(PYTEST) tests --ignore tests/pipeline

# A file's tests share a pipeline's run: they stay on one worker.
test-pipeline: setup-pipeline
	KERAS_BACKEND=tensorflow $(PYTEST) --dist loadfile tests/pipeline

test-jax: setup
	KERAS_BACKEND=jax $(PYTEST) $(EVERY_BACKEND)

# One thread a worker: torch's threads wait for one another where workers share the cores.
test-torch: setup
	OMP_NUM_THREADS=1 KERAS_BACKEND=torch $(PYTEST) $(EVERY_BACKEND)

test-fast: setup
	KERAS_BACKEND=tensorflow $(PYTEST) $(FAST)

# What `make test` leaves out: 500 odd files of each kind instead of a few, and the tests marked `long`,
# such as every command of the guides, every recipe, the notebook, every model where it compiles long.
test-long: setup-pipeline
	KERAS_BACKEND=tensorflow ODD_FILES=500 $(PYTEST) tests/data tests/features
	KERAS_BACKEND=tensorflow $(PYTEST) --long tests
	KERAS_BACKEND=jax $(PYTEST) --long $(EVERY_BACKEND)
	OMP_NUM_THREADS=1 KERAS_BACKEND=torch $(PYTEST) --long $(EVERY_BACKEND)
	$(BIN)/pip install --quiet --disable-pip-version-check --target build/trackers mlflow-skinny wandb
	PYTHONPATH=build/trackers KERAS_BACKEND=torch $(PYTEST) tests/training/test_trackers.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The API reference, from the docstrings.
docs: setup
	KERAS_BACKEND=tensorflow $(BIN)/python docs/reference/build.py build/docs

# The notebook anew, with what it prints and draws.
notebook: setup
	$(BIN)/python notebooks/execute.py $(NOTEBOOK)

clean:
	rm -rf .venv demo study pipeline build dist *.egg-info
