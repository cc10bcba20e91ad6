"""Line charts as SVG, for the figures of scripts/bench."""

from __future__ import annotations

import math
from typing import NamedTuple

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 74, 200, 48, 58
COLOURS = ("#1f6fb2", "#d1571f", "#3a8f3a", "#8b5fb0", "#777777")


class Line(NamedTuple):
    """A curve and its name."""

    name: str
    points: list[tuple[float, float]]
    dashed: bool = False


class Axis(NamedTuple):
    """What is drawn along a side, and how its numbers are spread."""

    title: str
    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end to 1 at the high end; what is beyond stands at the end."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round numbers."""
        if self.log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
        else:
            rough = (self.high - self.low) / 5
            power = 10.0 ** math.floor(math.log10(rough))
            step = power * min((m for m in (1, 2, 5, 10) if m * power >= rough), default=10)
            found = [step * i for i in range(math.ceil(self.low / step), 100)]
        return [t for t in found if self.low * 0.999 <= t <= self.high * 1.001]


def chart(title: str, x: Axis, y: Axis, lines: list[Line]) -> str:
    """The whole file."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="26" font-size="15" fill="#222">{title}</text>',
        *_grid(x, y),
    ]
    for index, line in enumerate(lines):
        parts += _curve(line, COLOURS[index % len(COLOURS)], x, y, index)
    return "\n".join([*parts, "</svg>", ""])


def _at(x: Axis, y: Axis, point: tuple[float, float]) -> tuple[float, float]:
    across, up = x.place(point[0]), y.place(point[1])
    return (
        LEFT + across * (WIDTH - LEFT - RIGHT),
        HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
    )


def _grid(x: Axis, y: Axis) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for tick in x.ticks():
        at = _at(x, y, (tick, y.low))[0]
        parts.append(f'<path d="M{at:.1f} {TOP}V{bottom}" stroke="#e6e6e6"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    for tick in y.ticks():
        at = _at(x, y, (x.low, tick))[1]
        parts.append(f'<path d="M{LEFT} {at:.1f}H{right}" stroke="#e6e6e6"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{tick:g}</text>')
    middle = (TOP + bottom) / 2
    parts += [
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{x.title}</text>',
        f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">'
        f"{y.title}</text>",
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#555"/>',
    ]
    return parts


def _curve(line: Line, colour: str, x: Axis, y: Axis, index: int) -> list[str]:
    places = [_at(x, y, point) for point in line.points]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>']
    if not line.dashed:
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in places]
    left, top = WIDTH - RIGHT + 16, TOP + 14 + 22 * index
    parts.append(
        f'<path d="M{left} {top}h24" stroke="{colour}" stroke-width="2"{dash}/>'
        f'<text x="{left + 32}" y="{top + 4}">{line.name}</text>'
    )
    return parts
