"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

config = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    help="Configuration file. Default: hybridsearch.toml in this folder, else the file that HYBRIDSEARCH_CONFIG names.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
irrelevant = click.option(
    "--irrelevant", default=0.0, show_default=True, metavar="GRADE", help="The grade that means irrelevant."
)
