"""A whole server over a fresh SQLite file and its first administrator: fixtures that tests import by their names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.application import close_app, create_app
from central.config import CentralConfig
from tests.central.page_client import first_administrator


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path))
    yield made
    close_app(made)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return first_administrator(app)
