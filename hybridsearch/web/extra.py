"""What the extra `web` brings, and what is said where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from hybridsearch.errors import ConfigError

PACKAGES = ("starlette", "jinja2", "python_multipart", "uvicorn")
INSTALL = 'pip install "hybridsearch[web]"'


def require(modules: tuple[str, ...] = PACKAGES) -> None:
    """Require the packages of the extra; nothing is imported.

    Raises:
        ConfigError: One is not installed.
    """
    for module in modules:
        if find_spec(module) is None:
            raise ConfigError(f"The page needs the package '{module}', which is not installed. Run: {INSTALL}")
