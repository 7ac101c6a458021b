"""PURE: the small language of `when:` and `value:` in profiles, with three-valued logic.

Names are facts and metrics of the profile; one that is absent is unknown, and unknown spreads
(Kleene): `unknown and false` is false, `unknown or true` is true, any comparison with unknown is
unknown. A condition counts only when it is certainly true.

    source == 5 and (seconds > 0 or has(alarms, 2))
    known(x)        x was answered              sure(c)       c is certainly true
    has(x, 2)       2 is among the values of x  highest(x), lowest(x), total(x), count(x)
    votes(a, b, c)  how many are certainly true
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

Value = float | bool | None
Facts = Mapping[str, Sequence[float]]
"""Every name with its values: one for a scalar, many for a table, none where absent."""
Compiled = Callable[[Facts], Value]

_COMPARE: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_REDUCE: Mapping[str, Callable[[Sequence[float]], float]] = {"highest": max, "lowest": min, "total": sum}


def names(text: str) -> frozenset[str]:
    """The facts and metrics an expression speaks of. ValueError when it is not one."""
    calls = {"known", "sure", "has", "votes", "count", *_REDUCE}
    found = {node.id for node in ast.walk(_parse(text)) if isinstance(node, ast.Name)}
    return frozenset(found - calls)


@lru_cache(maxsize=4096)
def compiled(text: str) -> Compiled:
    """A function of the facts. ValueError, worded for the profile's author, on anything else."""
    return _compile(_parse(text))


def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ValueError(f"{text!r} is no expression ({error.__class__.__name__})") from None


def _compile(node: ast.expr) -> Compiled:
    match node:
        case ast.Constant(value=bool() | int() | float() as constant):
            return lambda _: constant
        case ast.Name(id=name):
            return lambda facts: values[0] if (values := facts.get(name)) else None
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _compile(operand)
            return lambda facts: None if (value := inner(facts)) is None else not value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _compile(operand)
            return lambda facts: None if (value := inner(facts)) is None else -value
        case ast.BoolOp(op=op, values=values):
            return _junction([_compile(value) for value in values], isinstance(op, ast.Or))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _comparison(left, ops, comparators)
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _ARITHMETIC:
            return _binary(_ARITHMETIC[type(operation)], _compile(left), _compile(right))
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]):
            return _call(function, args)
    raise ValueError(f"{ast.unparse(node)!r} is not allowed in a profile's expression")


def _junction(parts: Sequence[Compiled], decisive: bool) -> Compiled:
    """`or` is decided by one true part, `and` by one false part; else unknown wins."""

    def holds(facts: Facts) -> Value:
        unknown = False
        for part in parts:
            value = part(facts)
            if value is None:
                unknown = True
            elif bool(value) is decisive:
                return decisive
        return None if unknown else not decisive

    return holds


def _constant(node: ast.expr) -> float:
    try:
        return float(ast.literal_eval(node))
    except (ValueError, TypeError):
        raise ValueError(f"{ast.unparse(node)!r} is no number") from None


def _comparison(left: ast.expr, ops: Sequence[ast.cmpop], rights: Sequence[ast.expr]) -> Compiled:
    if len(ops) == 1 and isinstance(ops[0], ast.In) and isinstance(rights[0], ast.Tuple | ast.List):
        one = _compile(left)
        many = frozenset(_constant(item) for item in rights[0].elts)

        def among(facts: Facts) -> Value:
            value = one(facts)
            return None if value is None else value in many

        return among
    if not all(type(op) in _COMPARE for op in ops):
        raise ValueError("compare with == != < <= > >= or `in (1, 2)`")
    terms = [_compile(left), *map(_compile, rights)]
    tests = [_COMPARE[type(op)] for op in ops]
    if isinstance(left, ast.Name) and len(rights) == 1 and isinstance(rights[0], ast.Constant):
        return _against_constant(left.id, tests[0], _constant(rights[0]))

    def compare(facts: Facts) -> Value:
        values = [term(facts) for term in terms]
        if any(value is None for value in values):
            return None
        return all(t(a, b) for t, a, b in zip(tests, values, values[1:], strict=False))  # type: ignore[arg-type]

    return compare


def _against_constant(name: str, test: Callable[[float, float], bool], constant: float) -> Compiled:
    """The commonest comparison by far, without the detour."""

    def compare(facts: Facts) -> Value:
        values = facts.get(name)
        return test(values[0], constant) if values else None

    return compare


def _binary(operation: Callable[[float, float], float], left: Compiled, right: Compiled) -> Compiled:
    def result(facts: Facts) -> Value:
        a, b = left(facts), right(facts)
        if a is None or b is None:
            return None
        try:
            return operation(a, b)
        except (ZeroDivisionError, OverflowError):
            return None

    return result


def _call(function: str, args: Sequence[ast.expr]) -> Compiled:
    if function == "votes":
        parts = [_compile(arg) for arg in args]
        return lambda facts: sum(1 for part in parts if part(facts))
    if function == "sure" and len(args) == 1:
        inner = _compile(args[0])
        return lambda facts: bool(inner(facts))
    if args and isinstance(args[0], ast.Name):
        name = args[0].id
        if function == "known" and len(args) == 1:
            return lambda facts: bool(facts.get(name))
        if function == "count" and len(args) == 1:
            return lambda facts: len(facts.get(name, ()))
        if function in _REDUCE and len(args) == 1:
            reduce = _REDUCE[function]
            return lambda facts: reduce(values) if (values := facts.get(name)) else None
        if function == "has" and len(args) == 2:
            wanted = _compile(args[1])
            return lambda facts: wanted(facts) in facts.get(name, ())
    raise ValueError(f"{function}(...) is no function of profiles, or has the wrong arguments")
