from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.accepted import Sources
from tests.app.asking import ask
from tests.app.street import Street, changed

__all__ = ["ask"]


@pytest.fixture
def street() -> Street:
    """The shipped city, with everything well."""
    return Street()


@pytest.fixture
def altered(tmp_path: Path) -> Callable[..., Sources]:
    """The shipped inventory with replacements (old, new); the same for `rules`, a list of them."""
    return lambda *changes, rules=(): changed(tmp_path, *changes, rules=rules)
