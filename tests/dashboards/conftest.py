from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dashboards.grafana_stand_in import StandIn, stand_in


@pytest.fixture
def grafana() -> Iterator[StandIn]:
    with stand_in() as server:
        yield server
