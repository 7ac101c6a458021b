"""Where series go: the embedded store, or InfluxDB behind its spool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from app.settings import EmbeddedShape, InfluxShape, resolve
from domain.place import City
from domain.ports import ReadingSink
from storage.influx_http import InfluxSettings
from storage.schema import places


@dataclass(frozen=True, slots=True)
class Store:
    """`relocate` tells the store of a new configuration's boxes and districts."""

    sink: ReadingSink
    relocate: Callable[[City], None]
    maintain: Callable[[int], None]


def influx_settings(shape: InfluxShape) -> InfluxSettings:
    return InfluxSettings(
        url=shape.url,
        database=shape.database,
        org=shape.org,
        username=shape.username,
        password=resolve(shape.password) if shape.password else "",
        token=resolve(shape.token) if shape.token else "",
        verify=shape.verify,
        timeout_s=shape.timeout_s,
    )


def rollup_settings(shape: InfluxShape) -> InfluxSettings:
    """With more patience: an hour of fifty boxes is a longer question than any write."""
    return replace(influx_settings(shape), timeout_s=max(shape.timeout_s, 60.0))


def open_store(shape: EmbeddedShape | InfluxShape, city: City, directory: Path) -> Store:
    if isinstance(shape, EmbeddedShape):
        from storage.embedded import EmbeddedStore

        embedded = EmbeddedStore(directory, raw_days=shape.raw_days, rollup_days=shape.rollup_days)
        return Store(embedded, lambda _city: None, lambda now: (embedded.maintain(now), None)[1])
    from storage.influx import InfluxSink

    sink = InfluxSink(influx_settings(shape), places(city), directory / "spool")
    return Store(sink, lambda city: sink.replace(places(city)), lambda _now: None)
