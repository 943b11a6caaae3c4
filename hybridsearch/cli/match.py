"""`hybridsearch match`: rows of several sellers become groups, one for each product."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hybridsearch.catalog import BINARIES, open_source
from hybridsearch.catalog.arranged.offers import Offers
from hybridsearch.catalog.files import encoding_needed
from hybridsearch.cli import REFUSED, options, show
from hybridsearch.cli.progress import progress
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.sections import Catalog
from hybridsearch.settings import Settings

if TYPE_CHECKING:
    from hybridsearch.matching.run import Catalogue, Tally

CONFIGURATION = ".toml"


@click.command("match")
@click.argument("catalogues", nargs=-1, metavar="[CATALOGUE]...", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("groups.jsonl"), show_default=True
)
@click.option(
    "--review",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Gets the doubtful pairs; the next run obeys what is written under 'same'.",
)
@options.as_json
@options.config
def command(catalogues: tuple[Path, ...], output: Path, review: Path | None, as_json: bool, config: Path | None) -> int:
    """Find which offers of several sellers are one product, by codes, and where these lack by what they say.

    Each CATALOGUE is a file, whose fields are guessed as `init` does, or a configuration (.toml) with a [catalog].
    Without one, the [[catalog.sources]] of the configuration.
    """
    from hybridsearch.matching.run import match

    given = [each for path in catalogues for each in opened(path)] if catalogues else configured(config)
    if any(path.exists() and output.exists() and path.samefile(output) for path in catalogues):
        raise ConfigError(
            f"'{output}' is a catalogue, and would be replaced by the groups. Choose another name with -o."
        )
    with progress(as_json=as_json) as shown:
        tally = match(given, output, review, shown)
    if as_json:
        show.print_json({"output": str(output), "review_file": str(review) if review else None, **asdict(tally)})
    else:
        summary(tally, output, review)
    return REFUSED if tally.rejects else 0


def configured(config: Path | None) -> list[Catalogue]:
    """Return the catalogues of a configuration.

    Raises:
        ConfigError: It has no `sources`.
    """
    settings = Settings.load(config)
    if not settings.catalog.sources:
        raise ConfigError(
            "The configuration has no [[catalog.sources]]. Name the catalogues: hybridsearch match a.csv b.csv"
        )
    return of_settings(settings, "")


def opened(path: Path) -> list[Catalogue]:
    """Return the catalogues that an argument names."""
    from hybridsearch.matching.run import Catalogue

    name = path.name.partition(".")[0]
    if path.suffix == CONFIGURATION:
        return of_settings(Settings.load(path), name)
    from hybridsearch.cli.init import suggest

    section = Catalog(path=path)
    if path.is_file() and path.suffix.lower() not in BINARIES:
        section = Catalog(path=path, encoding=encoding_needed(path))
    try:
        proposal, section = suggest(open_source(section), section)
    except CatalogError as error:
        raise CatalogError(f"{error} ({path.name})") from error
    return [Catalogue(name, open_source(section, proposal.fields), proposal.fields)]


def of_settings(settings: Settings, name: str) -> list[Catalogue]:
    """Return the catalogues of a configuration, one under a name or each under its own."""
    from hybridsearch.indexing.build import source_of
    from hybridsearch.matching.run import Catalogue

    source = source_of(settings)
    if isinstance(source, Offers):
        return [Catalogue(each.name, each, settings.fields) for each in source.sources]
    return [Catalogue(name, source, settings.fields)]


def summary(tally: Tally, output: Path, review: Path | None) -> None:
    """Say what was found, and what to do next."""
    for note in notes(tally):
        show.say(f"Note: {note}")
    click.echo(
        f"{tally.offers:,} offers are {tally.groups:,} products: {tally.joined:,} offers have another one beside them. "
        f"Wrote {output}."
    )
    if tally.review and review:
        click.echo(
            f"{tally.review:,} pairs are doubtful: write true or false under 'same' in {review}, and run this again."
        )
    elif tally.review:
        click.echo(f"{tally.review:,} pairs are doubtful. To decide them: --review FILE")


def notes(tally: Tally) -> list[str]:
    """Return what a person should know of a run."""
    return [
        *tally.notes,
        *([f"{tally.rejects:,} rows are passed over; the first are named here"] if tally.rejects else []),
        *(
            [f"{tally.repeated:,} rows repeat an id of their catalogue; the first of each is compared"]
            if tally.repeated
            else []
        ),
        *(
            [f"{tally.untitled:,} rows have no title that names a product; their codes alone count"]
            if tally.untitled
            else []
        ),
    ]
