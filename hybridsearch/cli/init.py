"""`hybridsearch init`: look at a catalogue and propose the configuration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from hybridsearch.catalog import BINARIES, open_source, sample
from hybridsearch.catalog.arranged.pairs import unfolded
from hybridsearch.catalog.base import Source
from hybridsearch.catalog.files import encoding_needed
from hybridsearch.cli import options, show
from hybridsearch.disk import modes
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.inputs.rows import field
from hybridsearch.propose.arrangement import VARIANTS, arrange
from hybridsearch.propose.configuration import Proposal, propose, with_words
from hybridsearch.propose.encoders import on_this_machine
from hybridsearch.propose.notes import unused
from hybridsearch.propose.offers import GROUPS, one_of
from hybridsearch.propose.toml_file import to_toml
from hybridsearch.propose.variants import as_listed, columns_of_variants, without
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog, EngineSection
from hybridsearch.settings import DEFAULT_FILE, checked
from hybridsearch.values import Reject, Row

FIRST = 4_000
"""Rows that are looked at to see which of them belong together; the sample has gaps."""

SYNONYMS = "synonyms.txt"
"""Where the synonyms of an index are written, beside the configuration."""


@click.command("init")
@click.argument("catalogs", metavar="CATALOG...", nargs=-1, required=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path(DEFAULT_FILE), show_default=True
)
@click.option("--url", help="Elasticsearch: the engine, and where CATALOG is an index when it is not a file.")
@click.option("--query", metavar="SELECT", help="Gives the products, where CATALOG is the address of a database.")
@click.option("--force", is_flag=True, help="Replace an existing configuration.")
@options.as_json
def command(
    catalogs: tuple[str, ...], output: Path, url: str | None, query: str | None, force: bool, as_json: bool
) -> None:
    """Propose the configuration for CATALOG.

    It is a file, an Elasticsearch index (NAME with --url, or URL/NAME), or a database (an address of SQLAlchemy's) with
    --query. Several are files of one seller each, whose rows are offers.
    """
    if output.exists() and not force:
        raise ConfigError(f"'{output}' exists. Choose another name with -o, or replace it with --force.")
    folder = output.resolve().parent
    if len(catalogs) > 1:
        proposal, section, source = of_sellers(catalogs, query)
    else:
        section, url = locate(catalogs[0], url, query)
        start = Path() if section.path else folder
        source = open_catalog(section := with_encoding(section), url, start)
        proposal, section = suggest(source, section, start)
    proposal = with_words(proposal, on_this_machine(folder), source.count())
    rules: list[str] = getattr(source, "synonyms", list)()
    synonyms = folder / SYNONYMS if rules else None
    if synonyms and synonyms.exists() and not force:
        raise ConfigError(f"'{synonyms}' exists. Rename it, or replace it with the index's synonyms by --force.")
    try:
        if synonyms:
            modes.write(synonyms, "".join(f"{rule}\n" for rule in rules).encode())
        modes.write(output, to_toml(proposal, written_in(folder, section), url, SYNONYMS if rules else None).encode())
    except OSError as error:
        raise ConfigError(f"Cannot write '{output}': {error.strerror}. Choose another path with -o.") from error
    if as_json:
        show.print_json(
            {
                "output": str(output),
                "fields": proposal.fields.model_dump(mode="json"),
                "why": proposal.why,
                "left_out": proposal.left_out,
            }
        )
        return
    for role, reason in proposal.why.items():
        click.echo(show.line(f"{role:12}{reason}"))
    if rules:
        click.echo(show.line(f"{'synonyms':12}{len(rules):,} rules of the index, now in {SYNONYMS}"))
    for note in (*proposal.notes, *unused(proposal.left_out)):
        show.say(f"Note: {note}")
    then = f"hybridsearch match -o {GROUPS}, and: hybridsearch reindex" if section.sources else "hybridsearch reindex"
    click.echo(f"\nWrote {output}. Look it over, then: {then}" + f" -c {output}" * (str(output) != DEFAULT_FILE))


def of_sellers(paths: Sequence[str], query: str | None) -> tuple[Proposal, Catalog, Source]:
    """Return the proposal for files of one seller each, with the section that names them, and its source.

    Raises:
        ConfigError: One of them is no file, or two have one name.
    """
    if query is not None:
        raise ConfigError("--query is for one database; name one CATALOG, or files of several sellers without it.")
    found: dict[str, tuple[Catalog, Proposal]] = {}
    for path in paths:
        if not Path(path).is_file():
            raise ConfigError(f"'{path}' is no file. Several catalogues are files of one seller each.")
        section = with_encoding(checked(Catalog, path=Path(path)))
        name = Path(path).name.partition(".")[0]
        if name in found:
            raise ConfigError(f"Two catalogues are called '{name}', by which offers are told apart. Rename one file.")
        proposal, _ = suggest(open_catalog(section, None, Path()), section)
        found[name] = section, proposal
    proposal, section = one_of(found)
    return proposal, section, open_source(section.model_copy(update={"groups": None}), proposal.fields)


def with_encoding(section: Catalog) -> Catalog:
    """Return a section that says in which encoding its file of text is written, where that must be said."""
    if section.path and section.path.is_file() and section.path.suffix.lower() not in BINARIES:
        return section.model_copy(update={"encoding": encoding_needed(section.path)})
    return section


def locate(catalog: str, url: str | None, query: str | None = None) -> tuple[Catalog, str | None]:
    """Return the [catalog] section for a path, an index, the URL of an index, or a database, and the server's address.

    Raises:
        ConfigError: A password would be written down, or a database has no query.
    """
    checked(EngineSection, url=url)
    if query is not None:
        return checked(Catalog, url=catalog, query=query), url
    parts = urlsplit(catalog)
    if parts.scheme in ("http", "https"):
        checked(EngineSection, url=catalog)
        return checked(Catalog, index=parts.path.strip("/")), urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    if "://" in catalog:
        checked(Catalog, url=catalog, query="SELECT")
        raise ConfigError("CATALOG is the address of a database. Say what its products are with --query 'SELECT …'.")
    if url and not Path(catalog).exists():
        return checked(Catalog, index=catalog), url
    return checked(Catalog, path=Path(catalog)), url


def written_in(folder: Path, section: Catalog) -> Catalog:
    """Return a section as a file in a folder has it: its paths relative where they lie below, or were given so."""
    sources = tuple(each.model_copy(update={"path": path_in(folder, each.path)}) for each in section.sources)
    return section.model_copy(update={"path": section.path and path_in(folder, section.path), "sources": sources})


def path_in(folder: Path, path: Path) -> Path:
    """Return a path as a file in a folder has it."""
    whole = path.parent.resolve() / path.name
    if path.is_absolute() and not whole.is_relative_to(folder):
        return path
    return Path(os.path.relpath(whole, folder))


def open_catalog(section: Catalog, url: str | None, folder: Path) -> Source:
    """Return the source that a [catalog] section names."""
    client = None
    if section.index:
        from hybridsearch.engines.elasticsearch.transport.connection import connect

        client = connect(checked(EngineSection, url=url), folder)
    return open_source(section, folder=folder, client=client)


def suggest(source: Source, section: Catalog, folder: Path = Path()) -> tuple[Proposal, Catalog]:
    """Return the proposal that a sample of the products, and the mapping if there is one, suggest.

    The section is returned with what is to be made of the rows. Its relative paths start at the folder.
    """
    rows = sample(source)
    if not rows:
        require_some(source)
    types = getattr(source, "types", None)
    remarks = getattr(source, "remarks", tuple)
    section, named = arrange(rows if section.index else sample(source, FIRST, FIRST), section, rows)
    if named and named.group:
        rows = gathered(section, named, folder)
    elif named:
        rows = as_listed(sample(open_source(section, named)), VARIANTS, named.id, section.parent or "")
    else:
        rows = [unfolded(row, row, section.pairs) for row in rows]
    key, key_of_one = (named.key, named.key_of_one) if named else (None, None)
    proposal = propose(rows, types() if types else None, source.name, key, section, key_of_one)
    return replace(proposal, notes=(*proposal.notes, *remarks())), section


def gathered(section: Catalog, named: Fields, folder: Path) -> list[Row]:
    """Return products that rows are gathered to, with what their variants say in their lists alone.

    Args:
        section: The file or the database that they are in.
        named: The fields that name products and, where each row has a title of its own, that.
        folder: Where relative paths start.
    """
    key = named.key if section.gather else named.id  # by the group, so that its rows are there together
    apart = open_source(section, Fields(id=key, title=named.title), folder=folder)
    varying = columns_of_variants(sample(apart, FIRST, FIRST), named.key)
    columns = [name for name in varying if name != named.title]
    together = named.model_copy(update={"codes": tuple(f"{VARIANTS}.{name}" for name in columns)})
    products = sample(open_source(section, together, folder=folder))
    said = {name.partition(".")[0] for name in (*columns, named.title or "")}
    return [
        {
            named.key: field(row, named.id),
            **without(row, columns),
            VARIANTS: [{name: own for name, own in each.items() if name in said} for each in row.get(VARIANTS) or []],
        }
        for row in products
    ]


def require_some(source: Source) -> None:
    """Say why there is no product, where there are rows.

    Raises:
        CatalogError: All of them are rejects.
    """
    first = next((row for row in source.read() if isinstance(row, Reject)), None)
    if first is not None:
        raise CatalogError(
            f"'{source.name}' has no product that can be read. The first one, {first.where}: {first.reason}."
        )
