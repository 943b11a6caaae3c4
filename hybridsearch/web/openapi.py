"""The OpenAPI document, made from the table of the routes and from those of their parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hybridsearch._version import __version__
from hybridsearch.web.operations import Operation
from hybridsearch.web.parameters import Parameter

ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
EVENT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("query_id", "action_name", "object_id", "session_id")},
    "required": ["query_id", "action_name"],
}
"""Of UBI's form more is read, see docs/log.md."""


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the document of an API."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "hybridsearch", "version": __version__},
        "paths": {
            each.path: {method.lower(): described(each, method) for method in each.methods} for each in operations
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def described(operation: Operation, method: str) -> dict[str, Any]:
    """Return one method of a route."""
    content = {operation.kind: {"schema": {"type": "string" if operation.kind == "text/plain" else "object"}}}
    found: dict[str, Any] = {
        "operationId": f"{operation.name}_{method.lower()}" if len(operation.methods) > 1 else operation.name,
        "summary": operation.about,
        "responses": {
            "200": {"description": "Done.", "content": content},
            "default": {"description": "Refused.", "content": {"application/json": {"schema": ERROR}}},
        },
    }
    if method == "GET":
        found["parameters"] = [in_query(each) for each in operation.parameters if each.kind != "object"]
    elif operation.body:
        events = {"oneOf": [EVENT, {"type": "array", "items": EVENT, "maxItems": 100}]}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": events}}}
    else:
        found["requestBody"] = {"content": bodies(operation)}
    return found


def in_query(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter of an address."""
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.about,
        "schema": schema(parameter),
    }


def bodies(operation: Operation) -> dict[str, Any]:
    """Return the bodies that a route takes: an object of its parameters, or a form with them and files."""
    values = {each.name: {**schema(each), "description": each.about} for each in operation.parameters}
    fields = {each.name: values[each.name] for each in operation.parameters if each.kind != "object"}
    files = {name: {"type": "string", "format": "binary"} for name in operation.files}
    return {
        "application/json": {"schema": {"type": "object", "properties": values, "additionalProperties": False}},
        "multipart/form-data": {"schema": {"type": "object", "properties": {**fields, **files}}},
    }


def schema(parameter: Parameter) -> dict[str, Any]:
    """Return which values a parameter takes."""
    bounds = {"minimum": parameter.least, "maximum": parameter.most}
    one: dict[str, Any] = {
        "type": parameter.kind,
        **{name: value for name, value in bounds.items() if value is not None},
    }
    if parameter.choices:
        one["enum"] = list(parameter.choices)
    return {"type": "array", "items": one} if parameter.many else one
