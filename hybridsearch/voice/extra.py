"""What the extra `voice` brings, and what is said where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from hybridsearch.errors import RecogniserError

INSTALL = 'pip install "hybridsearch[voice]"'


def require(module: str) -> None:
    """Require a package of the extra; nothing is imported.

    Raises:
        RecogniserError: It is not installed.
    """
    if find_spec(module) is None:
        raise RecogniserError(f"Spoken queries need the package '{module}', which is not installed. Run: {INSTALL}")
