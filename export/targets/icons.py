"""The page's icons for home screens, as PNG: many phones draw no SVG, and cut a maskable icon to their own shape."""

import base64
from pathlib import Path
from typing import Final

from trainer.errors import UserError

PICTURES: Final = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
# Pixels, and which part of the side a logo may fill: a maskable icon is cut to a circle of 80 % of it.
ICONS: Final = {
    "icon-192.png": (192, 0.84),
    "icon-512.png": (512, 0.84),
    "icon-maskable-512.png": (512, 0.56),
    "apple-touch-icon.png": (180, 0.72),
}
_PAPER: Final = "#f4f5f2"


def write_icons(site: Path, icon: str, *, logo: bool) -> None:
    """Draws the icons of `ICONS` into the page's folder.

    Args:
        site: The folder, which holds the icon.
        icon: The icon's name there.
        logo: Whether it is the user's; the page's own fills its square and has the margin inside.
    """
    picture = picture_url(site / icon)
    for name, (pixels, share) in ICONS.items():
        (site / name).write_bytes(_draw(picture, pixels, share if logo else 1))


def check_drawable(path: Path) -> None:
    """Raises:
    UserError: The picture is damaged or empty.
    """
    if _draw(picture_url(path), 64, 1) == _draw("", 64, 1):
        raise UserError(f"--logo: {path}: cannot be drawn: it is damaged, empty, or of one colour with the paper")


def _draw(picture: str, pixels: int, share: float) -> bytes:
    """Draws a picture in the middle of a square."""
    import resvg_py

    corner, side = 50 * (1 - share), 100 * share
    inside = f'<image href="{picture}" x="{corner}" y="{corner}" width="{side}" height="{side}"/>' if picture else ""
    paper = f'<rect width="100" height="100" fill="{_PAPER}"/>'
    square = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{paper}{inside}</svg>'
    return bytes(resvg_py.svg_to_bytes(svg_string=square, width=pixels, height=pixels, skip_system_fonts=True))


def picture_url(path: Path) -> str:
    """A picture as a `data:` address."""
    kind = PICTURES[path.suffix.lower()]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
