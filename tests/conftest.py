"""For every test: in which order files are handed to the workers."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that play for minutes are begun first, or one worker would end with them, alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
