"""YAML with positions: plain values, and for any path into them the line it stands on.

Scalars are read by the YAML 1.2 core schema less its oddities, so that nothing an operator writes
turns into something else: `no`, `on`, `0123`, `12:30`, `+92300` and dates stay text; only true and
false, null and `~`, plain decimal integers and floats are more than text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigError, Problem

Loc = tuple[str | int, ...]
"""A path into a document: keys of mappings and indexes of lists."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C is ten times faster, where libyaml is


class _Loader(_Base):  # type: ignore[misc]
    """Composes nodes; their tags follow this module's own short list of implicit types."""

    yaml_implicit_resolvers: dict[str, Any] = {}


_TAG = "tag:yaml.org,2002:"
for _name, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|-?\.[0-9]+", "-.0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), list(_first))


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _number(text: str) -> float:
    return float(text.replace("_", "x"))  # Python alone would take 1_0


_SCALARS: dict[str, Callable[[str], Any]] = {
    _TAG + "str": str,
    _TAG + "int": int,
    _TAG + "float": _number,
    _TAG + "bool": _truth,
    _TAG + "null": lambda _: None,
    _TAG + "merge": str,
}


class Located:
    """A parsed YAML file. `value` is made of dict, list and scalars. `problems` holds keys that
    stand twice, for a caller who asked to report them with everything else.

    Lines are found on demand, by composing the text again: keeping the nodes of 100,000 devices
    would cost a gigabyte, and a good file is never asked for one.
    """

    def __init__(self, file: str, text: str, value: Any, problems: tuple[Problem, ...] = ()) -> None:
        self.file = file
        self.text = text
        self.value = value
        self.problems = problems
        self._root: yaml.Node | None = None
        self._entries: dict[int, dict[str, tuple[int, yaml.Node]]] = {}

    def line(self, loc: Loc) -> int:
        """The line of the deepest part of `loc` that exists; of a mapping entry, that of its key."""
        if self._root is None:
            self._root = _compose(self.text, self.file)
        node, line = self._root, 1
        for step in loc:
            if isinstance(node, yaml.MappingNode):
                found = self._keys(node).get(str(step))
                if found is None:
                    return line
                line, node = found
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line
        return line

    def _keys(self, node: yaml.MappingNode) -> dict[str, tuple[int, yaml.Node]]:
        """Line and node of each entry, kept: thousands of errors in one long mapping stay cheap."""
        entries = self._entries.get(id(node))
        if entries is None:
            entries = {str(key.value): (key.start_mark.line + 1, child) for key, child in node.value}
            self._entries[id(node)] = entries
        return entries

    def problem(self, loc: Loc, what: str, remedy: str) -> Problem:
        return Problem(self.file, self.line(loc), what, remedy)


class _Builder:
    """Makes plain values of nodes; what cannot be made becomes a problem and None."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.duplicates: list[Problem] = []
        self._made: dict[int, Any] = {}  # anchored nodes are met again, and must not be made again
        self._open: set[int] = set()

    def value(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        known = id(node)
        if known in self._made:
            return self._made[known]
        if known in self._open:
            return self._bad(node, "this anchor holds itself", "write the values out")
        self._open.add(known)
        if isinstance(node, yaml.MappingNode):
            made: Any = self._mapping(node)
        else:
            made = [self.value(child) for child in node.value]
        self._open.discard(known)
        self._made[known] = made
        return made

    def _bad(self, node: yaml.Node, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, node.start_mark.line + 1, what, remedy))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        make = _SCALARS.get(node.tag)
        if make is None:
            return self._bad(node, "a tag (!...) means nothing here", "remove it, or quote the text")
        try:
            return make(node.value)
        except ValueError:
            kind = node.tag.removeprefix(_TAG)
            return self._bad(node, f"this is no {kind} that can be kept", "write it shorter, or quote it")

    def _mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        merged: list[yaml.Node] = []
        lines: dict[Any, int] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._bad(key_node, "a key must be one word or number", "quote it if it holds brackets")
                continue
            if key_node.tag == _TAG + "merge":
                merged.append(child)
                continue
            key = self._scalar(key_node)
            line = key_node.start_mark.line + 1
            if key in lines:
                what = f"{key_node.value!r} stands here again (first in line {lines[key]})"
                self.duplicates.append(Problem(self.file, line, what, "keep one of the two, or rename one"))
            else:
                lines[key] = line
            made[key] = self.value(child)
        for child in merged:
            self._merge(made, child)
        return made

    def _merge(self, made: dict[Any, Any], node: yaml.Node) -> None:
        for source in node.value if isinstance(node, yaml.SequenceNode) else (node,):
            values = self.value(source)
            if isinstance(values, dict):
                for key, value in values.items():
                    made.setdefault(key, value)
            else:
                self._bad(source, "<< takes a mapping", "name an anchor (*name) of a mapping")


def _compose(text: str, file: str) -> yaml.Node | None:
    loader = None
    try:
        loader = _Loader(text)
        root: yaml.Node | None = loader.get_single_node()
        return root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or ""
        problem = problem.partition(" '")[0].partition(' "')[0]  # what is quoted might be a secret
        what = f"not YAML: {problem}"
        remedy = "mend the indentation, colon or quote here"
        raise ConfigError([Problem(file, mark.line + 1 if mark else 1, what, remedy)]) from None
    except (yaml.YAMLError, ValueError) as error:
        what = f"not YAML: {str(error).splitlines()[0]}"
        raise ConfigError([Problem(file, 1, what, "write the file as UTF-8 YAML")]) from None
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_abyss(text: str) -> None:
    """RecursionError where nesting would overflow the C stack, which kills the process unheard."""
    if re.search(r"(?:[-?][ \t]+){5000}", text):
        raise RecursionError
    if text.count("[") + text.count("{") > 5000:
        depth = deepest = 0
        for bracket in re.findall(r"[][{}]", text):
            depth += 1 if bracket in "[{" else -1
            deepest = max(deepest, depth)
        if deepest > 5000:
            raise RecursionError


def parse(text: str, file: str, lenient: bool = False) -> Located:
    """Parses one YAML document; ConfigError with the parser's own line when it is not YAML.

    A key that stands twice is refused, for YAML would let the later one win silently; `lenient`
    keeps such problems in the result instead, to be reported together with those found later.
    """
    builder = _Builder(file)
    try:
        _refuse_abyss(text)
        root = _compose(text, file)
        value = None if root is None else builder.value(root)
    except RecursionError:
        remedy = "write it flat; look for a bracket that is never closed"
        raise ConfigError([Problem(file, 1, "nested hundreds of levels deep", remedy)]) from None
    if builder.problems or (builder.duplicates and not lenient):
        raise ConfigError(sorted({*builder.problems, *builder.duplicates}))
    return Located(file, text, value, tuple(sorted(set(builder.duplicates))))


def read(path: Path, shown_as: str | None = None, lenient: bool = False) -> Located:
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
    return parse(text, file, lenient)
