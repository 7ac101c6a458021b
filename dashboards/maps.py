"""Maps that work without the internet. PURE.

Grafana's own base layers fetch tiles from other people's servers; ours is blank, and the markers
stand on it where they are. A city with a tile server of its own puts its address into BASE_LAYER.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.panels import Json, Look, Panel, panel, target

_BLANK = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8"
    "AAAAASUVORK5CYII="
)  # one transparent pixel

BASE_LAYER: Json = {"type": "xyz", "name": "blank", "config": {"url": _BLANK, "attribution": ""}}


def geomap(
    title: str,
    description: str,
    query: str,
    look: Look,
    *,
    colour: str,
    label: str,
    latitude: str,
    longitude: str,
    width: int = 12,
    height: int = 16,
    overrides: Sequence[Json] = (),
) -> Panel:
    """Markers at coordinates, coloured by a field and labelled by another."""
    style: Json = {
        "color": {"field": colour, "fixed": "dark-green"},
        "opacity": 0.8,
        "size": {"fixed": 7, "min": 4, "max": 14},
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        "text": {"mode": "field", "field": label, "fixed": ""},
        "textConfig": {
            "fontSize": 10,
            "offsetX": 0,
            "offsetY": 12,
            "textAlign": "center",
            "textBaseline": "middle",
        },
    }
    layer: Json = {
        "type": "markers",
        "name": title,
        "config": {"style": style, "showLegend": False},
        "location": {"mode": "coords", "latitude": latitude, "longitude": longitude},
        "tooltip": True,
    }
    options: Json = {
        "view": {"id": "fit", "allLayers": True, "padding": 10, "maxZoom": 15, "shared": False},
        "controls": {
            "showZoom": True,
            "mouseWheelZoom": True,
            "showAttribution": False,
            "showScale": True,
            "showMeasure": False,
            "showDebug": False,
        },
        "basemap": BASE_LAYER,
        "layers": [layer],
        "tooltip": {"mode": "details"},
    }
    defaults = {**look.field(), "color": {"mode": "thresholds"}}
    body = panel("geomap", title, description, [target(query, table=True)], options, defaults, overrides)
    return Panel(body, width, height)
