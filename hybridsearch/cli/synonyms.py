"""`hybridsearch synonyms`: rules that a shop may want, for a person to accept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch

if TYPE_CHECKING:
    from hybridsearch.events.proposals import Proposal


@click.command("synonyms")
@click.option("--propose", "proposed", is_flag=True, help="Print rules to consider, each with its evidence.")
@click.option("-k", "most", default=50, show_default=True, type=click.IntRange(min=0), help="Rules of each kind.")
@options.as_json
@options.config
def command(proposed: bool, most: int, as_json: bool, config: Path | None) -> None:
    """Say what is wrong with the rules of synonyms, or propose rules from the log and the words of the catalogue.

    Nothing is written. Read each line, and put those that hold into the file that [synonyms] names.
    """
    with HybridSearch.open(config) as shop:
        if proposed:
            found = [*of_log(shop)[:most], *of_words(shop)[:most]]
            if as_json:
                show.print_json({"proposals": [each.to_json() for each in found]})
            else:
                for each in found:
                    click.echo(f"# {show.line(each.because)}\n{each.text}")
            return
        rules, unread = shop.guidance.synonyms
        problems = [*unread, *rules.problems]
        if as_json:
            show.print_json({"terms": len(rules.rules), "problems": problems})
        else:
            click.echo(
                f"{len(rules.rules):,} terms stand for others. Rules to consider: hybridsearch synonyms --propose"
            )
            for problem in problems:
                show.say(problem)


def of_log(shop: HybridSearch) -> list[Proposal]:
    """Return rules to consider from what shoppers typed instead, where there is a log."""
    from hybridsearch.events import proposals, source
    from hybridsearch.events.traffic import traffic_of
    from hybridsearch.events.visits import Tally, visits

    if shop.settings.log.path is None and shop.settings.log.index is None:
        return []
    traffic = traffic_of(visits(source.rows(shop.settings, None), Tally()))
    return proposals.synonyms(traffic)


def of_words(shop: HybridSearch) -> list[Proposal]:
    """Return rules to consider that are none yet, from the legs whose encoders read words."""
    from hybridsearch.propose.synonyms import comparable, near
    from hybridsearch.query_sources import WORDS
    from hybridsearch.shop.shop import same_encoder

    schema, lexicon = shop.engine.schema(), shop.engine.lexicon()
    words = comparable(lexicon.counts, schema.fields.languages)
    found = []
    for leg in schema.legs_for(WORDS) if words else ():
        encoder = shop.encoders[leg.name]
        same_encoder(leg, encoder)
        if WORDS.name in encoder.reads:
            found += near(words, encoder.encode_queries(words), lexicon.counts, leg.name)
    known, _ = shop.guidance.synonyms
    return [each for each in found if not known.of(each.text.split(", ")[:1], schema.fields.languages)]
