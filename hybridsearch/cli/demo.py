"""`hybridsearch demo`: the sample catalogue on the embedded engine, and a few searches."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from hybridsearch import sample
from hybridsearch.cli import show
from hybridsearch.cli.progress import progress
from hybridsearch.clients.client import HybridSearch
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.settings import Settings
from hybridsearch.video import extra

SAMPLE = Path(sample.__file__).parent
CONFIG = """\
# The sample catalogue on the embedded engine. In this folder, try: hybridsearch search "red umbrella"
[catalog]
path = {catalog!r}

[fields]
title = "title"
text = ["description", "brand"]
codes = ["sku", "ean"]
facets = ["brand", "category", "color", "locale"]
numbers = ["price", "rating"]
image = "image"
languages = ["en", "de", "fr", "es", "ja", "zh"]

[[vectors]]
name = "image"
encoder = "starter"
reads = "image"
"""
VOICE = """
[voice]
recogniser = {model!r}
"""
SIZE = 5
SEARCHES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("red umbrella", {"facets": ["color"]}),
    ("blauer Rock", {}),
    ("sac à dos blanc", {}),
    ("taza roja", {}),
    ("赤 自転車", {}),
    ("蓝色行李箱", {}),
)


@click.command("demo")
@click.option(
    "--voice", type=click.Path(path_type=Path, file_okay=False), help="A Whisper model, to search by voice too."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("hybridsearch-demo"),
    show_default=True,
    help="Where the configuration and the index go.",
)
def command(folder: Path, voice: Path | None) -> None:
    """Index the sample catalogue on the embedded engine and run a few searches."""
    make_folder(folder, None)
    file, photo, film, said = (folder / name for name in ("hybridsearch.toml", "photo.jpg", "film.mp4", "said.ogg"))
    spoken = VOICE.format(model=str(voice.resolve())) if voice else ""
    modes.write(file, (CONFIG.format(catalog=str(SAMPLE / "products.jsonl")) + spoken).encode())
    for copy in (photo, film, said):
        modes.write(copy, (SAMPLE / copy.name).read_bytes())
    with HybridSearch.open(Settings.load(file)) as shop:
        with progress() as tell:
            report = shop.reindex(tell)
        click.echo(
            f"Indexed {report.indexed} products in {report.seconds:.1f} s, {report.without_picture} without a picture."
        )
        click.echo(f"\n$ cd {shlex.quote(str(folder))}")
        code = next(iter(shop.search("red umbrella", size=1))).product["sku"]
        searches = [*SEARCHES, (str(code), {}), ("", {"image": photo}), ("blue", {"image": photo})]
        searches += [("", {"video": film})] * extra.is_installed()
        searches += [("", {"audio": said})] * bool(voice)
        for words, options in searches:
            arguments = [f'"{words}"'] * bool(words) + [f"--image {photo.name}"] * ("image" in options)
            arguments += [f"--video {film.name}"] * ("video" in options)
            arguments += [f"--audio {said.name}"] * ("audio" in options)
            arguments += [f"--facet {name}" for name in options.get("facets", ())]
            click.echo(f"\n$ hybridsearch search {' '.join(arguments)} -k {SIZE}")
            show.page(shop.search(words, size=SIZE, **options), "title")
    click.echo(f'\nYour turn: cd {shlex.quote(str(folder))} && {program()} search "…"')
    click.echo(f"Or open the page: {program()} serve --open")


def program() -> str:
    """Return what a person types to run this program: its name, or its path where the shell does not find it."""
    if shutil.which("hybridsearch"):
        return "hybridsearch"
    script = Path(sys.executable).with_name("hybridsearch")
    return shlex.quote(str(script)) if script.exists() else f"{shlex.quote(sys.executable)} -m hybridsearch"
