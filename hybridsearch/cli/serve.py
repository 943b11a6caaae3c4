"""`hybridsearch serve`: the page and the JSON API."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.settings import Settings


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond this machine a token is required.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--edit", is_flag=True, help="Let the page rebuild, roll back, learn, and edit rules and synonyms.")
@click.option("--open", "opened", is_flag=True, help="Open the page in a browser.")
@options.config
def command(host: str, port: int, edit: bool, opened: bool, config: Path | None) -> None:
    """Show the shop as a page in the browser, and answer other programs as JSON, until Ctrl-C."""
    from hybridsearch.web import serving

    def ready(address: str) -> None:
        click.echo(f"The page is at {address} and the API at {address}api/openapi.json. Stop with Ctrl-C.")
        if opened:
            click.launch(address)

    asyncio.run(serving.serve(Settings.load(config), host, port, edit=edit, say=show.say, ready=ready))
