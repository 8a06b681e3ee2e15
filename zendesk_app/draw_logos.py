"""Draws the app's logos: a bridge under its cable, on a blue ground. Our own drawing, of plain shapes.

python zendesk_app/draw_logos.py
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

GROUND = (23, 73, 77)
LINE = (255, 255, 255)
SIZES = {"logo.png": 320, "logo-small.png": 128}
SAMPLES = 4  # in each direction of a pixel, so that edges are smooth
CORNER = 0.19
ASSETS = Path(__file__).parent / "assets"

Pixel = tuple[int, int, int, int]


def drawn(size: int) -> list[list[Pixel]]:
    """The logo in rows of pixels (red, green, blue, alpha)."""
    return [[_pixel(column, row, size) for column in range(size)] for row in range(size)]


def _pixel(column: int, row: int, size: int) -> Pixel:
    steps = [(2 * step + 1) / (2 * SAMPLES) for step in range(SAMPLES)]
    points = [((column + x) / size, (row + y) / size) for x in steps for y in steps]
    inside = [point for point in points if _is_ground(*point)]
    if not inside:
        return (*GROUND, 0)
    line = sum(_is_line(*point) for point in inside) / len(inside)
    red, green, blue = (round(one + (other - one) * line) for one, other in zip(GROUND, LINE, strict=True))
    return (red, green, blue, round(255 * len(inside) / len(points)))


def _is_ground(x: float, y: float) -> bool:
    """Whether a point of the unit square lies within its rounded corners."""
    dx, dy = max(CORNER - x, x - (1 - CORNER), 0.0), max(CORNER - y, y - (1 - CORNER), 0.0)
    return dx * dx + dy * dy <= CORNER * CORNER


def _is_line(x: float, y: float) -> bool:
    """Whether a point lies on the deck, a tower, the cable or one of its hangers."""
    is_deck = 0.10 <= x <= 0.90 and abs(y - 0.66) <= 0.035
    is_tower = min(abs(x - 0.28), abs(x - 0.72)) <= 0.032 and 0.22 <= y <= 0.80
    cable = _cable(x)
    is_cable = 0.10 <= x <= 0.90 and abs(y - cable) <= 0.028
    is_hanger = min(abs(x - at) for at in (0.39, 0.50, 0.61)) <= 0.014 and cable <= y <= 0.66
    return is_deck or is_tower or is_cable or is_hanger


def _cable(x: float) -> float:
    """How low the cable hangs: a parabola between the towers, straight down outside of them."""
    if 0.28 <= x <= 0.72:
        return 0.55 - 0.30 * ((x - 0.5) / 0.22) ** 2
    return 0.25 + 0.41 * (abs(x - 0.5) - 0.22) / 0.18


def png(rows: list[list[Pixel]]) -> bytes:
    """The rows as a PNG file."""
    content = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(content, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, part) for name, part in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def main() -> None:
    """Write both files."""
    for name, size in SIZES.items():
        (ASSETS / name).write_bytes(png(drawn(size)))


if __name__ == "__main__":
    main()
