"""The words of reports (texts.yaml), in one language or two."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import RootModel

from config.located import read
from config.shape import Shape, validate
from domain.errors import ConfigError

SHIPPED = Path(__file__).with_name("texts.yaml")
Language = Literal["en", "ur", "both"]


class _Entry(Shape):
    en: str
    ur: str = ""


class _Texts(RootModel[dict[str, _Entry]]):
    pass


class Texts:
    """`texts("summary")` is the heading in the language asked for; KeyError for a word not on file."""

    def __init__(self, entries: Mapping[str, tuple[str, str]], language: Language) -> None:
        self._entries = entries
        self.language = language

    def __call__(self, key: str) -> str:
        english, urdu = self._entries[key]
        if self.language == "en" or not urdu:
            return english
        return urdu if self.language == "ur" else f"{english} · {urdu}"

    @property
    def direction(self) -> str:
        return "rtl" if self.language == "ur" else "ltr"


def load(language: Language = "en", path: Path = SHIPPED) -> Texts:
    shape, problems = validate(read(path), _Texts)
    if shape is None:
        raise ConfigError(problems)
    return Texts({key: (it.en, it.ur) for key, it in shape.root.items()}, language)
