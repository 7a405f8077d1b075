# Two commands suffice: `make run` starts the product, `make test` tests it. Both prepare what is missing.
.DEFAULT_GOAL := help
.PHONY: help setup run test bench check lock format messages clean catalogues

BIN := .venv/bin
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po locale_libraries/*/LC_MESSAGES/*.po))

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: ## Install what is missing: Debian packages and .venv
	@bin/setup all
	@$(MAKE) --no-print-directory --silent catalogues

run: ## Start site, worker, beat and Redis with the demo county; Ctrl-C ends all
	@bin/setup run
	@$(MAKE) --no-print-directory --silent catalogues
	@exec $(BIN)/python -m config.runner

test: setup ## Run every test, on SQLite and on PostgreSQL, and the stories in a browser
	@bin/test

bench: setup ## Measure what pages, exports and imports cost beside their floors, on PostgreSQL
	@bin/bench

check: setup ## Format, lint, weaknesses, types, imports, templates, migrations, deployment, translations
	@bin/check

format: setup ## Put the code into the project's format and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format --quiet

lock: setup ## Pin requirements*.in into requirements*.txt with hashes
	uv() { if [ -x $(BIN)/uv ]; then $(BIN)/uv "$$@"; else command uv "$$@"; fi; }; \
	for name in requirements requirements-dev; do \
		uv pip compile --quiet --no-header --generate-hashes --universal --python-version 3.11 \
			$(LOCK_OPTIONS) $$name.in --output-file $$name.txt || exit; \
	done

messages: setup ## Collect the texts to translate into locale/
	$(BIN)/python manage.py makemessages --locale zh_Hans --no-obsolete --no-wrap --add-location file \
		--ignore .venv --ignore var --ignore tests
	@$(MAKE) --no-print-directory --silent catalogues

clean: ## Remove what the tools leave behind; keeps .venv and var
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

catalogues: $(CATALOGUES)

# Compiled without gettext's msgfmt, so that `make run` needs one package less.
%.mo: %.po
	@$(BIN)/python -c 'import polib, sys; polib.pofile(sys.argv[1]).save_as_mofile(sys.argv[2])' $< $@
