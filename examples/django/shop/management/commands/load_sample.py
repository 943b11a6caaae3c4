"""`python manage.py load_sample`: the sample catalogue of the package as products of the database, and its index."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from hybridsearch import sample
from shop.models import Product
from shop.search import NAMES, shop

SAMPLE = Path(sample.__file__).parent


class Command(BaseCommand):
    """Loads the sample; products that are there already stay as they are."""

    help = "Load the sample catalogue and build the index."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take another folder."""
        parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE, help="With products.jsonl and images/.")

    def handle(self, *_: Any, folder: Path, **__: Any) -> None:
        """Make the tables, the products with their pictures, and the index."""
        call_command("migrate", verbosity=0)
        shutil.copytree(folder / "images", settings.MEDIA_ROOT / "products", dirs_exist_ok=True)
        lines = (folder / "products.jsonl").read_text(encoding="utf-8").splitlines()
        # Without signals: the index is built as a whole, as after an import of many products.
        Product.objects.bulk_create(map(product, map(json.loads, lines)), ignore_conflicts=True)
        self.stdout.write(f"{shop.reindex().indexed} products are indexed.")


def product(row: dict[str, Any]) -> Product:
    """Return a row of the sample as a product."""
    image = f"products/{Path(row['image']).name}" if "image" in row else ""
    return Product(**{name: row[name] for name in NAMES if name in row}, image=image)
