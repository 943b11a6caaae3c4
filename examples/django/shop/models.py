"""What the database has."""

from __future__ import annotations

from django.db import models
from django.urls import reverse


class Product(models.Model):
    """A product; its primary key is its id in the index."""

    sku = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    brand = models.CharField(max_length=100, blank=True)
    category = models.CharField(max_length=100)
    color = models.CharField(max_length=50, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.PositiveIntegerField(default=0)
    image = models.ImageField(upload_to="products", blank=True)

    class Meta:
        """Its order in the administration."""

        ordering = ("title", "pk")

    def __str__(self) -> str:
        return str(self.title)

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return str(reverse("product", args=[self.pk]))
