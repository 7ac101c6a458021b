"""Charts as SVG text, sized in user units and styled by class, so that a page and a printer agree. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from reports.buckets import BUCKETS
from reports.spans import Span

WIDE, TALL = 960, 220
_LEFT, _FOOT, _TOP = 56, 26, 10


def bar(vector: Sequence[int], width: int = 960, height: int = 26) -> str:
    """One bar of all seconds, by bucket; a bucket with a second in it is never thinner than a hair."""
    total = sum(vector)
    if not total:
        return _svg(width, height, f'<rect class="none" width="{width}" height="{height}"/>')
    parts, at = [], 0.0
    thin = 1.0
    hairs = sum(1 for value in vector if value and value * width / total < thin)
    room = width - hairs * thin
    heavy = sum(value for value in vector if value * width / total >= thin) or 1
    for bucket, value in zip(BUCKETS, vector, strict=True):
        if not value:
            continue
        wide = thin if value * width / total < thin else value * room / heavy
        parts.append(
            f'<rect class="{bucket.value}" x="{at:.2f}" width="{wide:.2f}" height="{height}">'
            f"<title>{bucket.value}: {value:,} s</title></rect>"
        )
        at += wide
    return _svg(width, height, "".join(parts))


def daily(vectors: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Columns of what was not up, by day, in hours."""
    lost = [sum(vector[1:]) for vector in vectors]
    top = _ceiling(max(lost, default=0) / 3600)
    inner = TALL - _FOOT - _TOP
    step = (WIDE - _LEFT) / max(len(vectors), 1)
    parts = []
    for n in range(5):
        y = _TOP + inner * n / 4
        value = top * (4 - n) / 4
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDE}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="axis" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
        )
    for n, (vector, label) in enumerate(zip(vectors, labels, strict=True)):
        x, y = _LEFT + n * step + step * 0.14, float(_TOP + inner)
        for bucket, value in list(zip(BUCKETS, vector, strict=True))[1:]:
            if not value:
                continue
            high = inner * value / 3600 / top
            y -= high
            parts.append(
                f'<rect class="{bucket.value}" x="{x:.2f}" y="{y:.2f}" width="{step * 0.72:.2f}" '
                f'height="{high:.2f}"><title>{label}, {bucket.value}: {value / 3600:,.1f} h</title></rect>'
            )
        if len(vectors) <= 31 or n % (len(vectors) // 16) == 0:
            middle = f'x="{x + step * 0.36:.1f}" y="{TALL - 8}" text-anchor="middle"'
            parts.append(f'<text class="axis" {middle}>{label}</text>')
    return _svg(WIDE, TALL, "".join(parts))


def stretch(spans: Sequence[tuple[int, int, str]], period: Span, width: int = 960, height: int = 14) -> str:
    """A period as one line: `spans` are (first, last, bucket), all else is up."""
    scale = width / (period[1] - period[0])
    parts = [f'<rect class="up" width="{width}" height="{height}"/>']
    for first, last, bucket in spans:
        wide = max((last - first) * scale, 0.8)
        x = min((first - period[0]) * scale, width - wide)
        parts.append(f'<rect class="{bucket}" x="{x:.2f}" width="{wide:.2f}" height="{height}"/>')
    return _svg(width, height, "".join(parts))


def _svg(width: int, height: int, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="100%" preserveAspectRatio="none" '
        f'role="img" xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
        if height < 100
        else f'<svg viewBox="0 0 {width} {height}" width="100%" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def _ceiling(value: float) -> float:
    """The next 1, 2, 4 or 8 times a power of ten: four even lines read well under it."""
    size = 1.0
    while size < value:
        for factor in (2, 4, 8, 10):
            if size * factor >= value or factor == 10:
                size *= factor
                break
    return size
