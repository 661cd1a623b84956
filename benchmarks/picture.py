"""Takes the pictures of the page that the README shows: python benchmarks/picture.py [--dist dist]"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from browser import NO_CHROMIUM, Server, Visit, find_chromium, launch, type_phrase

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
PHRASE: Final = "To be, or not to be, that is the question"
LARGEST: Final = 150_000  # bytes: a README is read over slow lines too
_DESK: Final = {"width": 1200, "height": 900}
PICTURES: Final[dict[str, dict[str, Any]]] = {
    "page-light.png": {"viewport": _DESK, "color_scheme": "light"},
    "page-dark.png": {"viewport": _DESK, "color_scheme": "dark"},
    "page-phone.png": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Takes the pictures of the page that the README shows.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="what `python -m export all` wrote (dist)")
    site = parser.parse_args().dist / "web"
    if not (site / "index.html").is_file():
        print(f"error: {site}: holds no page; `make demo` makes one", file=sys.stderr)
        return 2
    chromium = find_chromium()
    if chromium is None:
        print(f"error: {NO_CHROMIUM}", file=sys.stderr)
        return 2
    DOCS.mkdir(exist_ok=True)
    with Server(site) as server, launch(chromium) as browser:
        for name, options in PICTURES.items():
            # Without motion: a bar that is still on its way is a wrong picture.
            visit = Visit(browser, device_scale_factor=1, reduced_motion="reduce", **options)
            page = visit.open(server.url)
            type_phrase(page, PHRASE)
            page.get_by_label("Your phrase").blur()
            taken = page.screenshot(scale="css")
            visit.close()
            if len(taken) > LARGEST:
                print(f"error: {name}: {len(taken):,} bytes, more than {LARGEST:,}", file=sys.stderr)
                return 1
            (DOCS / name).write_bytes(taken)
            print(f"wrote {DOCS.relative_to(ROOT) / name}, {len(taken):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
