"""The JSON Schema of inventory.yaml, for editors. `python -m inventory.schema` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inventory.shape import InventoryShape

FILE = Path(__file__).with_name("schema.json")


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12, made of the models that check the file."""
    made = InventoryShape.model_json_schema()
    _prune(made)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Nigehban inventory",
        **{key: value for key, value in made.items() if key != "title"},
    }


def _prune(node: Any) -> None:
    """Takes out titles that repeat a key and the null that stands for a key left out; binds ids."""
    if isinstance(node, list):
        for item in node:
            _prune(item)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("title"), str):
        del node["title"]
    if "default" in node and node["default"] is None:
        del node["default"]
    if "patternProperties" in node:  # keys are ids, and other keys are mistakes
        node.pop("propertyNames", None)
        node["additionalProperties"] = False
    choices = node.get("anyOf")
    if isinstance(choices, list):
        choices[:] = [choice for choice in choices if choice != {"type": "null"}]
        if len(choices) == 1:
            only = choices[0]
            del node["anyOf"]
            for key, value in only.items():
                node.setdefault(key, value)
    for value in node.values():
        _prune(value)


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
