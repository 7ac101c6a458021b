"""YAML with positions: plain values, and for any path into them the line it stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigError, Problem

Loc = tuple[str | int, ...]
"""A path into a document: keys of mappings and indexes of lists."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C is ten times faster, where libyaml is


class Located:
    """A parsed YAML file. `value` is made of dict, list and scalars; lines are found on demand,
    for keeping one for each value of 100,000 devices would cost a gigabyte."""

    def __init__(self, file: str, root: yaml.Node | None, value: Any) -> None:
        self.file = file
        self.value = value
        self._root = root

    def line(self, loc: Loc) -> int:
        """The line of the deepest part of `loc` that exists; of a mapping entry, that of its key."""
        node, line = self._root, 1
        for step in loc:
            if isinstance(node, yaml.MappingNode):
                for key, child in node.value:
                    if key.value == str(step):
                        line, node = key.start_mark.line + 1, child
                        break
                else:
                    return line
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line
        return line

    def problem(self, loc: Loc, what: str, remedy: str) -> Problem:
        return Problem(self.file, self.line(loc), what, remedy)


def _duplicate_keys(file: str, node: yaml.Node | None) -> list[Problem]:
    """YAML lets a later key win silently; an operator who wrote a thing twice wants to know."""
    found: list[Problem] = []
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, child in here.value:
                line = key.start_mark.line + 1
                if key.value in seen and key.value != "<<":
                    found.append(
                        Problem(
                            file,
                            line,
                            f"key {key.value!r} stands here again (first in line {seen[key.value]})",
                            "keep one of the two",
                        )
                    )
                seen.setdefault(key.value, line)
                stack.append(child)
        elif isinstance(here, yaml.SequenceNode):
            stack.extend(here.value)
    return found


def parse(text: str, file: str) -> Located:
    """Parses one YAML document; ConfigError with the parser's own line when it is not YAML."""
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        value = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"not YAML: {error.problem or error.context}"
        raise ConfigError([Problem(file, line, what, "mend the indentation, colon or quote here")]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError([Problem(file, 1, f"not YAML: {error}", "write the file as UTF-8 YAML")]) from None
    finally:
        loader.dispose()
    if duplicates := _duplicate_keys(file, root):
        raise ConfigError(sorted(duplicates))
    return Located(file, root, value)


def read(path: Path, shown_as: str | None = None) -> Located:
    """Reads and parses a file; a missing or unreadable one is a ConfigError too."""
    file = shown_as or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise ConfigError([Problem(file, 1, what, "name a file that exists and may be read")]) from None
    except UnicodeDecodeError as error:
        what = f"not UTF-8 at byte {error.start}"
        raise ConfigError([Problem(file, 1, what, "save the file as UTF-8")]) from None
    return parse(text, file)
