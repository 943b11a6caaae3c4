"""Addresses of the shop."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from . import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="search")),
    path("search", views.search, name="search"),
    path("category/<path:name>", views.category, name="category"),
    path("photo", views.photo, name="photo"),
    path("product/<int:pk>", views.product, name="product"),
    path("suggest", views.suggest),
    path("events", views.events),
]
