"""The OpenAPI document of the interface."""

from __future__ import annotations

from typing import Any

ERRORS = {
    "400": "The body is not a heartbeat",
    "401": "These credentials are not known, or over",
    "402": "The account has no minutes left",
    "403": "The account is suspended or may not play this avatar, or the secret was revoked",
    "413": "The body is larger than 65536 bytes",
    "429": "Too many requests, or as many sessions as the account may have: see Retry-After",
    "503": "The database fails, or too many wait: see Retry-After",
}

COUNT = {"type": "integer", "minimum": 0, "maximum": 2**40}
TEXT = {"type": "string", "maxLength": 1024}


def document() -> dict[str, Any]:
    """The whole of it."""
    from bithuman_ctypes import __version__

    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Issuer of authorisations for metered avatars",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/v1/heartbeat": {"post": _heartbeat()},
            "/v1/token": {"post": _token()},
            "/health": {"get": _health()},
            "/openapi.json": {"get": _openapi()},
        },
        "components": {
            "securitySchemes": {
                "secret": {"type": "apiKey", "in": "header", "name": "api-secret"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
            "schemas": {
                "Beat": _beat_schema(),
                "Good": _answer_schema({"token": {"type": "string"}}, ["status"]),
                "Token": _answer_schema(
                    {"token": {"type": "string"}, "expires_in": {"type": "integer"}},
                    ["status", "token", "expires_in"],
                ),
                "Error": _error_schema(),
            },
        },
    }


def _heartbeat() -> dict[str, Any]:
    return {
        "operationId": "heartbeat",
        "summary": "Asks for the right to frames, and tells how many were given",
        "description": "A beat may be sent again: frames are counted once.",
        "security": [{"secret": []}, {"token": []}],
        "requestBody": {"required": True, "content": _content("Beat")},
        "responses": {"200": _answer("The right is given", "Good"), **_errors(*ERRORS)},
    }


def _token() -> dict[str, Any]:
    return {
        "operationId": "token",
        "summary": "Makes a token from a secret, for a machine that shall not have the secret",
        "security": [{"secret": []}],
        "responses": {
            "200": _answer("A token", "Token"),
            **_errors("401", "403", "429", "503"),
        },
    }


def _health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "summary": "Whether the service reaches its database",
        "security": [],
        "responses": {
            "200": {"description": "It does"},
            "503": {"description": "It does not"},
        },
    }


def _openapi() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This document",
        "security": [],
        "responses": {"200": {"description": "This document"}},
    }


def _content(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _answer(description: str, name: str) -> dict[str, Any]:
    return {"description": description, "content": _content(name)}


def _errors(*codes: str) -> dict[str, Any]:
    found = {code: _answer(ERRORS[code], "Error") for code in codes}
    for code in {"429", "503"} & set(found):
        found[code]["headers"] = {
            "retry-after": {"description": "Seconds to wait", "schema": {"type": "integer"}}
        }
    return found


def _beat_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["version", "session_id", "beat", "frames_served"],
        "properties": {
            "version": {"const": 1},
            "session_id": {"type": "string", "pattern": "^[!-~]{1,64}$"},
            "beat": COUNT,
            "frames_served": COUNT,
            "avatars": {
                "type": "array",
                "maxItems": 64,
                "items": {
                    "type": "object",
                    "required": ["digest"],
                    "properties": {"digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
                },
            },
            "tags": TEXT,
            "transaction_id": TEXT,
        },
    }


def _answer_schema(more: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": {"status": {"const": "ok"}, **more},
    }


def _error_schema() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("error", "message")}
    return {
        "type": "object",
        "required": ["status", *texts],
        "properties": {"status": {"const": "error"}, **texts},
    }
