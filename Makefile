.PHONY: demo test lint bench wheel

# Prints the folder of a virtual environment with everything that setup.cfg asks for; builds it the first time.
BIN = $$(python3 .ci/environment.py)

# The recogniser that the tests have fetched, if they have.
WHISPER = $(wildcard $(HOME)/.cache/hybridsearch/whisper-base)

# Compiled modules are kept, whatever a container says: the tests start hundreds of processes, and to compile PyTorch and
# what reads models takes each of them ten seconds.
COMPILED = PYTHONDONTWRITEBYTECODE=

# A folder for what tests write: in memory, if there is room. For a disk each shop of a test waits as long as it computes.
SCRATCH = $$(room=$$(df -kP /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }'); \
	if [ "$${room:-0}" -gt 4000000 ]; then mktemp -d -p /dev/shm; else mktemp -d; fi)

demo: ## Index the sample catalogue on the embedded engine, run a few searches, by video too and by voice where the tests have fetched a recogniser, and say how to open the page.
	$(BIN)/hybridsearch demo $(if $(WHISPER),--voice $(WHISPER))

test: ## Check style, and run all tests, those on servers of two Elasticsearch versions beside the others; beside both the types.
	bin=$(BIN); scratch=$(SCRATCH); trap "rm -rf $$scratch" EXIT; chmod 1777 $$scratch; \
	export OMP_NUM_THREADS=1 $(COMPILED) TMPDIR=$$scratch; \
	$$bin/ruff check . && $$bin/ruff format --check . || exit; \
	$$bin/mypy >$$scratch/types 2>&1 & typing=$$!; \
	$$bin/python -m pytest -m server >$$scratch/servers 2>&1 & serving=$$!; \
	$$bin/python -m pytest -m "not server"; others=$$?; \
	wait $$typing; types=$$?; wait $$serving; servers=$$?; cat $$scratch/types $$scratch/servers; \
	test $$others -eq 0 -a $$servers -eq 0 -a $$types -eq 0

lint:
	bin=$(BIN) && $$bin/ruff check . && $$bin/ruff format --check . && $$bin/mypy

bench: ## See that every benchmark runs; the figures come from the full runs of benchmarks/README.md.
	$(BIN)/python -m pytest tests/stories/test_benchmarks.py

wheel: ## Build the wheel into dist/: the same to the byte from every checkout of a commit.
	$(BIN)/python .ci/wheel.py dist
