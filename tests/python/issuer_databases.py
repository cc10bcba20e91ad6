"""The databases that the issuer is tested on: a fixture for test files to import."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator

import pytest
from issuer_service import postgres, postgres_missing
from sqlalchemy import create_engine, text


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL, which starts when a test first asks."""
    if missing := postgres_missing():
        pytest.skip(missing)
    with postgres() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        # A memory's, where there is one: a disk is waited for at each commit.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="issuer-", dir=memory) as folder:
            yield f"sqlite:///{folder}/issuer.db"
        return
    server = str(request.getfixturevalue("postgres_server"))
    name = f"d{uuid.uuid4().hex}"
    driver = server.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(driver, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    yield server.replace("/postgres?", f"/{name}?")
