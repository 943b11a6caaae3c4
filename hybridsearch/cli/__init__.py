"""The command line. One file per command; nothing heavy is imported before a command runs."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence

import click

from hybridsearch import errors
from hybridsearch._version import __version__
from hybridsearch.cli.streams import open_missing, show_all
from hybridsearch.redaction import Redacting, redacted

COMMANDS = {
    "init": "Look at a catalogue and propose the configuration, with a reason for each guess.",
    "encode": "Encode what the next rebuild needs, in this process or on a cluster.",
    "reindex": "Build the index beside the live one, check it, and swap.",
    "rollback": "Go back to the generation of the index before the live one.",
    "clean": "List the leftovers of interrupted runs, ask, and remove them.",
    "repair": "Put a damaged log of changes aside and keep what can be read of it.",
    "search": "Search with words, a photo, or both.",
    "suggest": "Suggest queries, words, categories and brands for what is typed so far.",
    "synonyms": "Check the rules of synonyms, or propose some from the words of the catalogue.",
    "match": "Find which offers of several sellers are one product; write groups with reasons.",
    "similar": "Show products like one, for its page.",
    "ask": "Answer a question by what products state; set products side by side.",
    "recommend": "Show products for a person, by what they looked at.",
    "also-bought": "Show what was bought together with a product.",
    "eval": "Compare keywords, vectors, their fusion and the current weights on judged queries.",
    "judgments": "Say what a file of judgments holds, and whether its raters agree.",
    "tune": "Learn weights from judgments; use them only when held-out queries prove them better.",
    "weights": "List the weights in use and those before them; go back to any of these.",
    "learn-baskets": "Learn from orders what is bought together.",
    "report": "Say from the log what is asked, found and clicked; propose synonyms and rules.",
    "compare": "Compare two weightings that shoppers tested, from the log.",
    "align": "Adapt the encoder to this catalogue; adopt it only if it finds more.",
    "doctor": "Check server, licence, index, encoder and weights, and say what to do next.",
    "serve": "Show the shop as a page in the browser, and answer other programs as JSON.",
    "demo": "Index the sample catalogue on the embedded engine and run a few searches.",
}

DONE, REFUSED, USAGE, UNREACHABLE, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 130


class Commands(click.Group):
    """A group that imports a command only when it runs; `--help` reads the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command that the module of this name holds."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"hybridsearch.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hybridsearch")
def cli() -> None:
    """Hybrid product search with learned weights, on the Elasticsearch you already run, or on no server at all."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Codes: 0 done, 1 with rejects or refused by a gate, 2 usage, 3 unreachable, 4 a bug, 130 interrupted.
    """
    open_missing()
    show_all()
    if logging.lastResort:  # prints warnings, of libraries too, where no program has set up logs
        logging.lastResort.addFilter(Redacting())
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error becomes one clear line on standard error."""
    try:
        require_possible(sys.argv[1:] if arguments is None else arguments)
        return cli.main(args=arguments, prog_name="hybridsearch", standalone_mode=False) or DONE
    except click.ClickException as error:
        error.show(said := io.StringIO())
        click.echo(redacted(said.getvalue()), err=True, nl=False)
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except SystemExit:  # click raises it when the reader of the output has closed the pipe
        return DONE
    except errors.HybridSearchError as error:
        click.echo(f"Error: {error}", err=True)
        return exit_code(error)
    except OSError as error:  # of a path that was given; those of the shop's own files have a sentence each
        place = f"'{os.fsdecode(error.filename)[:200]}'" if error.filename else "a file"
        click.echo(f"Error: {place}: {error.strerror or error}. Correct the path, or what may be done there.", err=True)
        return UNREACHABLE
    except Exception:
        click.echo(redacted(traceback.format_exc()), err=True, nl=False)
        click.echo("This is a bug in hybridsearch; please report it with the lines above.", err=True)
        return BUG


def require_possible(arguments: Sequence[str]) -> None:
    """Refuse what no file can be called and no system passes on: it would raise anything anywhere.

    Raises:
        click.UsageError: An argument has the character NUL, or half a character, in it.
    """
    for argument in arguments:
        try:
            if b"\0" not in os.fsencode(argument):
                continue
        except UnicodeEncodeError:
            pass
        raise click.UsageError(f"{argument[:40]!r} holds the character NUL, or half a character. Leave it out.")


def exit_code(error: errors.HybridSearchError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, errors.GateError):
        return REFUSED
    usage = (errors.ConfigError, errors.QueryError, errors.WeightsError)
    if isinstance(error, usage) and not isinstance(error, errors.ConfigMissing):
        return USAGE
    return UNREACHABLE
