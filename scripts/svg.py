"""The little of SVG that the pictures of docs/ need: shapes in classes, a plot with axes, day and night.

Everything is rounded to a tenth of a pixel, so that every machine writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

STYLE = """
text{font:13px system-ui,sans-serif;fill:var(--ink)}
.small{font-size:11px} .bold{font-weight:600} .mid{text-anchor:middle} .end{text-anchor:end}
.paper{fill:var(--paper)} .frame{fill:none;stroke:var(--faint)} .grid{stroke:var(--faint);stroke-width:.6}
.perimeter{fill:var(--red);fill-opacity:.1;stroke:var(--red);stroke-width:1.5}
.ring{fill:var(--amber);fill-opacity:.08;stroke:var(--amber);stroke-dasharray:6 4}
.fix{fill:var(--blue);fill-opacity:.12;stroke:var(--blue);stroke-width:.8} .dot{fill:var(--blue)}
.her{fill:var(--her)} .belief{fill:var(--ink);fill-opacity:.05} .track{fill:none;stroke:var(--ink);stroke-width:1.6}
.reach{fill:none;stroke:var(--blue);stroke-width:1.2} .lost{fill:var(--blue);fill-opacity:.07;stroke:var(--blue);stroke-width:2.4}
.red,.amber,.blue,.green{fill:none;stroke-width:2}
.red{stroke:var(--red)} .amber{stroke:var(--amber)} .blue{stroke:var(--blue)} .green{stroke:var(--green)}
.exact{stroke:var(--ink);fill:none;stroke-width:1;stroke-dasharray:2 3} .level{stroke:var(--faint);stroke-dasharray:7 4}
.pin{fill:var(--paper);stroke:var(--ink);stroke-width:1.6} .lead{stroke:var(--ink);stroke-width:.8}
.calm{fill:var(--green)} .caution{fill:var(--blue)} .warning{fill:var(--amber)} .emergency{fill:var(--red)}
"""
DAY = "--paper:#fff;--ink:#1c2330;--faint:#b6bdc8;--red:#c0262d;--amber:#b26a00;--blue:#2563b8;--green:#2e7d4f;--her:#7b2d8b"
NIGHT = "--paper:#12161d;--ink:#e4e8ee;--faint:#4b5563;--red:#ff6b6b;--amber:#f2a93b;--blue:#6aa8ff;--green:#63c48b;--her:#d38be0"


def number(x: float) -> str:
    """A tenth of a pixel, without a needless zero."""
    return f"{round(x, 1) + 0.0:.1f}".removesuffix(".0")  # minus nothing is nothing


@dataclass
class Picture:
    """An SVG in the making; lengths in pixels, y downwards."""

    width: int
    height: int
    title: str
    parts: list[str] = field(default_factory=list)

    def line(self, x0: float, y0: float, x1: float, y1: float, kind: str) -> None:
        self.parts.append(f'<line class="{kind}" x1="{number(x0)}" y1="{number(y0)}" x2="{number(x1)}" y2="{number(y1)}"/>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        self.parts.append(f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"/>')

    def circle(self, x: float, y: float, radius: float, kind: str) -> None:
        self.parts.append(f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>')

    def path(self, points: Iterable[tuple[float, float]], kind: str) -> None:
        drawn = "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.parts.append(f'<path class="{kind}" d="M{drawn}"/>')

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        self.parts.append(f'<text class="{kind}" x="{number(x)}" y="{number(y)}">{escape(words)}</text>')

    def note(self, x: float, y: float, dx: float, dy: float, words: Sequence[str]) -> None:
        """A pin at (x, y) with words beside it, bold first, on a lead that goes (dx, dy) away."""
        self.line(x, y, x + dx, y + dy, "lead")
        self.circle(x, y, 4.5, "pin")
        side = "end" if dx < 0 else ""
        for n, one in enumerate(words):
            self.text(x + dx + (-5 if dx < 0 else 5), y + dy + 4 + 15 * n, one, f"{side} {'small' if n else 'bold'}".strip())

    def within(self, x: float, y: float, width: float, height: float) -> Inside:
        """Draw what follows cut off at a frame."""
        return Inside(self, x, y, width, height)

    def svg(self) -> str:
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        style = f"<style>:root{{{DAY}}}@media(prefers-color-scheme:dark){{:root{{{NIGHT}}}}}{STYLE}</style>"
        paper = f'<rect class="paper" width="{self.width}" height="{self.height}" rx="6"/>'
        return "\n".join([head, f"<title>{escape(self.title)}</title>", style, paper, *self.parts, "</svg>"]) + "\n"


@dataclass
class Inside:
    """A part of a picture that nothing leaves."""

    picture: Picture
    x: float
    y: float
    width: float
    height: float

    def __enter__(self) -> None:
        name = f"cut{len(self.picture.parts)}"
        self.picture.parts.append(f'<clipPath id="{name}">')
        self.picture.rect(self.x, self.y, self.width, self.height, "")
        self.picture.parts.append(f'</clipPath><g clip-path="url(#{name})">')

    def __exit__(self, *_: object) -> None:
        self.picture.parts.append("</g>")
        self.picture.rect(self.x, self.y, self.width, self.height, "frame")


@dataclass(frozen=True)
class Scale:
    """Numbers to pixels, the same way along both axes of a map, or one for each axis of a plot."""

    from_value: float
    to_value: float
    from_px: float
    to_px: float

    def __call__(self, value: float) -> float:
        return self.from_px + (value - self.from_value) / (self.to_value - self.from_value) * (self.to_px - self.from_px)

    @property
    def px(self) -> float:
        """Pixels of one unit."""
        return abs((self.to_px - self.from_px) / (self.to_value - self.from_value))


def axes(picture: Picture, x: Scale, y: Scale, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]]) -> None:
    """A frame with a grid and numbers at it."""
    for value, word in x_ticks:
        picture.line(x(value), y.from_px, x(value), y.to_px, "grid")
        picture.text(x(value), y.from_px + 16, word, "small mid")
    for value, word in y_ticks:
        picture.line(x.from_px, y(value), x.to_px, y(value), "grid")
        picture.text(x.from_px - 6, y(value) + 4, word, "small end")
    picture.rect(x.from_px, y.to_px, x.to_px - x.from_px, y.from_px - y.to_px, "frame")
