"""Which objects identify a device: collector/masking.yaml, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from collector.device.profile import Oid
from config.located import read
from config.shape import Shape, validate
from domain.errors import ConfigError

SHIPPED = Path(__file__).parent / "masking.yaml"


class Place(Shape):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Objects(Shape):
    """Columns, or scalars without their .0, by what they tell; `left_out` with the reason."""

    position: Place
    serial: tuple[Oid, ...]
    mac: tuple[Oid, ...]
    engine_id: tuple[Oid, ...]
    name: tuple[Oid, ...]
    contact: tuple[Oid, ...]
    location: tuple[Oid, ...]
    community: tuple[Oid, ...]
    left_out: Mapping[Oid, str]


def load(path: Path = SHIPPED) -> Objects:
    """ConfigError with every problem of the file."""
    objects, problems = validate(read(path), Objects)
    if objects is None:
        raise ConfigError(problems)
    return objects
