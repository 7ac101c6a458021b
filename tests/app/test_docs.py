from __future__ import annotations

from app.docs import METRICS, metrics


def test_the_page_of_metrics_is_made_from_the_catalogue_of_today() -> None:
    assert METRICS.read_text(encoding="utf-8") == metrics(), "run: make docs"
