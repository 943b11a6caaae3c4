"""The open shop, and what keeps its index as the database is."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from hybridsearch import HybridSearch

from .models import Product

shop = HybridSearch.open(settings.BASE_DIR / "hybridsearch.toml")
NAMES = ("sku", "title", "description", "brand", "category", "color", "price", "stock")


def row(product: Product) -> dict[str, Any]:
    """Return a product as the index takes it; as the query of hybridsearch.toml gives it, too."""
    return {"id": product.pk, **{name: getattr(product, name) for name in NAMES}, "image": product.image.name}


# After the commit, so that what is rolled back never reaches the index. Robust: where the engine is down the product is
# saved all the same, and the log says so; the next `hybridsearch reindex` brings it.


@receiver(post_save, sender=Product)
def saved(instance: Product, **_: Any) -> None:
    """Write a product to the index once it is committed."""
    transaction.on_commit(partial(shop.upsert, row(instance)), robust=True)


@receiver(post_delete, sender=Product)
def deleted(instance: Product, **_: Any) -> None:
    """Remove a product from the index once its removal is committed."""
    transaction.on_commit(partial(shop.delete, instance.pk), robust=True)
