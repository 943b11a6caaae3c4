"""The administration: what is saved or deleted there reaches the index by the signals."""

from __future__ import annotations

from django.contrib import admin

from .models import Product


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    """Products."""

    list_display = ("title", "sku", "brand", "category", "price", "stock")
    list_editable = ("price", "stock")
    list_filter = ("category", "brand")
    search_fields = ("title", "sku")
