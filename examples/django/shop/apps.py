"""The application."""

from __future__ import annotations

from django.apps import AppConfig


class Shop(AppConfig):
    """The shop; its index follows the database from here on."""

    name = "shop"

    def ready(self) -> None:
        """Connect the signals."""
        from . import search  # noqa: F401 - for its receivers
