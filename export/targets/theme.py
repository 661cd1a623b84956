"""What makes the page a user's own: a colour that stays readable, a picture and the icons drawn of it, a path."""

import base64
import colorsys
import re
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
LARGEST: Final = 100_000  # bytes of a picture: it is part of every visit
READABLE: Final = 4.5  # contrast of text, WCAG 2.2 AA
# The papers of web/src/style/palette.css, light and dark; a test holds them equal.
PAPERS: Final = ("#f4f5f2", "#14171a")


def check_theme(accent: str, logo: str, base_path: str, templates: str) -> None:
    """Checks the options of a page's theme; an empty one is not given.

    Raises:
        UserError: The colour, the picture, the path or the folder of templates is none.
    """
    if accent and not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        raise UserError(f"--accent: must be a colour such as #16507a; received {accent!r}")
    if base_path and not re.fullmatch(r"/([\w.~%-]+/)*", base_path, re.ASCII):
        raise UserError(f"--base-path: must begin and end with `/`, as /demo/ does; received {base_path!r}")
    if templates and not Path(templates).is_dir():
        raise UserError(f"--templates: {templates}: is not a folder")
    if logo:
        _check_logo(Path(logo))


def _check_logo(path: Path) -> None:
    if path.suffix.lower() not in PICTURES:
        raise UserError(f"--logo: {path}: must be one of {', '.join(PICTURES)}")
    try:
        size = path.stat().st_size
    except OSError:
        raise UserError(f"--logo: {path}: is not there") from None
    if not path.is_file() or not 0 < size <= LARGEST:
        raise UserError(f"--logo: {path}: must be a file of at most {LARGEST:,} bytes; it has {size:,}")
    check_drawable(path)


def accent_style(accent: str) -> str:
    """Gives the CSS that puts a colour in place of the accent, darkened or lightened until it can be read on either
    paper."""
    light, dark = (readable(accent, paper) for paper in PAPERS)
    return f":root{{--accent:{light}}}@media (prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n"


def readable(colour: str, paper: str) -> str:
    """Gives the colour of the same hue next to `colour` whose contrast to `paper` is `READABLE`."""
    darken = _luminance(paper) > 0.5
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    for step in range(101):
        share = step / 100
        moved = lightness * (1 - share) if darken else lightness + (1 - lightness) * share
        tried = "#" + "".join(f"{round(255 * value):02x}" for value in colorsys.hls_to_rgb(hue, moved, saturation))
        if contrast(tried, paper) >= READABLE:
            return tried
    raise AssertionError("black and white are readable on either paper")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> list[float]:
    return [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


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
    paper = f'<rect width="100" height="100" fill="{PAPERS[0]}"/>'
    square = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{paper}{inside}</svg>'
    return bytes(resvg_py.svg_to_bytes(svg_string=square, width=pixels, height=pixels, skip_system_fonts=True))


def picture_url(path: Path) -> str:
    """A picture as a `data:` address."""
    kind = PICTURES[path.suffix.lower()]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
