"""Takes the pictures of the page that the README shows: python docs/_build/picture.py [--dist dist] [--run DIR]

The page in Arabic is exported for its picture alone, which takes half a minute.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.pages.browser import NO_CHROMIUM, Server, Visit, find_chromium, launch, type_phrase

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
PHRASE: Final = "To be, or not to be, that is the question"
OTHER: Final = "Achilles sing, O Goddess! Peleus' son"
LARGEST: Final = 180_000  # bytes: a README is read over slow lines too
_DESK: Final = {"width": 1200, "height": 900}
_PHONE: Final = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Picture:
    """One picture of the page.

    Attributes:
        do: Brings the page into its state.
        options: Of the visit.
        language: Of the page.
        of: What is pictured, by selector, from the first element to the last; the window where it is empty.
    """

    do: Callable[[Page], None]
    options: dict[str, Any] = field(default_factory=lambda: {"viewport": _DESK, "color_scheme": "light"})
    language: str = "en"
    of: str = ""


def write(page: Page, text: str = PHRASE) -> None:
    type_phrase(page, text)
    page.wait_for_selector("#effect:not(:empty)")


def compare(page: Page) -> None:
    write(page, OTHER)
    page.locator("#pin").click()
    write(page)


def read_long(page: Page) -> None:
    """Phrases of the test split one after the other: the strip shows who speaks where."""
    texts = page.evaluate("JSON.parse(document.getElementById('byline-config').textContent).examples")
    by_label = sorted(texts, key=lambda example: str(example["label"]))
    write(page, " ".join(example["text"] for example in by_label[4:18]))
    page.locator(".segment").nth(2).click()


def quiz(page: Page) -> None:
    page.locator(".choice").first.click()
    page.wait_for_selector("#quiz-after:not([hidden])")


def list_rows(page: Page) -> None:
    texts = page.evaluate("JSON.parse(document.getElementById('byline-config').textContent).examples")
    content = "\n".join(example["text"] for example in texts)
    page.locator("#table-file").set_input_files(
        {"name": "phrases.txt", "mimeType": "text/plain", "buffer": content.encode()}
    )
    page.wait_for_selector("#table[data-state=done]")


def phone(**options: Any) -> dict[str, Any]:
    return {"viewport": _PHONE, "color_scheme": "light", "has_touch": True} | options


TALL: Final = {"viewport": {"width": 880, "height": 4000}, "color_scheme": "light"}  # nothing is scrolled
PICTURES: Final = {
    "page-light.png": Picture(write),
    "page-dark.png": Picture(compare, {"viewport": _DESK, "color_scheme": "dark"}),
    "page-phone.png": Picture(write, phone()),
    "page-why.png": Picture(read_long, TALL, of="#reading"),
    "page-quiz.png": Picture(quiz, TALL, of="#quiz"),
    "page-list.png": Picture(list_rows, TALL, of="#table"),
    "page-card.png": Picture(lambda _: None, TALL, of="figure.plate"),
    "page-arabic.png": Picture(write, phone(), language="ar"),
}


def take(browser: Browser, url: str, picture: Picture) -> bytes:
    # Without motion: a bar that is still on its way is a wrong picture.
    visit = Visit(browser, device_scale_factor=1, reduced_motion="reduce", **picture.options)
    page = visit.open(url)
    picture.do(page)
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    boxes = [element.bounding_box() for element in page.locator(picture.of).all()] if picture.of else []
    taken = page.screenshot(scale="css", full_page=bool(boxes), **({"clip": around(boxes)} if boxes else {}))
    visit.close()
    return taken


def around(boxes: list[Any]) -> Any:
    """Gives the clip of a page that holds some boxes and a margin."""
    left, top = (min(box[side] for box in boxes) for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    return {"x": left - 24, "y": top - 24, "width": right - left + 48, "height": bottom - top + 48}


def export(run: Path | None, language: str, folder: Path) -> Path:
    """Exports the page in another language."""
    command = [sys.executable, "-m", "export", "web", "--strings", language, "--output", str(folder / language)]
    command += ["--run", str(run)] if run else []
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder / language / "web"


def main() -> int:
    parser = argparse.ArgumentParser(description="Takes the pictures of the page that the README shows.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="what `python -m export all` wrote (dist)")
    parser.add_argument("--run", type=Path, help="the run that it was exported from (the newest in runs/)")
    given = parser.parse_args()
    site = given.dist / "web"
    if not (site / "index.html").is_file():
        print(f"error: {site}: holds no page; `make demo` makes one", file=sys.stderr)
        return 2
    chromium = find_chromium()
    if chromium is None:
        print(f"error: {NO_CHROMIUM}", file=sys.stderr)
        return 2
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, launch(chromium) as browser:
        for name, picture in PICTURES.items():
            pictured = site if picture.language == "en" else export(given.run, picture.language, Path(folder))
            with Server(pictured) as server:
                taken = take(browser, server.url, picture)
            if len(taken) > LARGEST:
                print(f"error: {name}: {len(taken):,} bytes, more than {LARGEST:,}", file=sys.stderr)
                return 1
            (DOCS / name).write_bytes(taken)
            print(f"wrote {DOCS.relative_to(ROOT) / name}, {len(taken):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
