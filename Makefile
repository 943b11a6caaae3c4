.PHONY: demo test lint bench wheel

# Prints the folder of a virtual environment with everything that setup.cfg asks for; builds it the first time.
BIN = $$(python3 .ci/environment.py)

# The recogniser that the tests have fetched, if they have.
WHISPER = $(wildcard $(HOME)/.cache/hybridsearch/whisper-base)

demo: ## Index the sample catalogue on the embedded engine, run a few searches, by video too and by voice where the tests have fetched a recogniser, and say how to open the page.
	$(BIN)/hybridsearch demo $(if $(WHISPER),--voice $(WHISPER))

test: lint ## Check types and style, and run all tests; those on servers of two Elasticsearch versions beside the others.
	bin=$(BIN); log=$$(mktemp); export OMP_NUM_THREADS=1; \
	$$bin/python -m pytest -m server >$$log 2>&1 & waiting=$$!; \
	$$bin/python -m pytest -m "not server"; others=$$?; \
	wait $$waiting; servers=$$?; cat $$log; rm $$log; \
	test $$others -eq 0 -a $$servers -eq 0

lint:
	bin=$(BIN) && $$bin/ruff check . && $$bin/ruff format --check . && $$bin/mypy

bench: ## See that every benchmark runs; the figures come from the full runs of benchmarks/README.md.
	$(BIN)/python -m pytest tests/stories/test_benchmarks.py

wheel: ## Build the wheel into dist/: the same to the byte from every checkout of a commit.
	$(BIN)/python .ci/wheel.py dist
