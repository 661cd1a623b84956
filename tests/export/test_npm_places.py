"""The npm package where a browser or Node lacks something: service workers, `require()`, jsdom; and its types."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from export.proof import parity
from export.proof.known_answer import known_answer
from export.settings import Settings
from export.targets import node, npm
from tests.support.pages.browser import Open, Server
from tests.support.pages.npm_pages import evaluate, install, write_page
from tests.support.places import TESTS
from tests.support.runtimes.javascript import run_node
from trainer.model.classifier import Classifier
from trainer.run import Run

TEXT: Final = "To be, or not to be"
DONE: Final = "html[data-state=done]"


@pytest.fixture(scope="module")
def project(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project in which the package is installed."""
    project = tmp_path_factory.mktemp("places") / "project"
    install(package, project)
    return project


@pytest.fixture(scope="module")
def packages() -> Path:
    """`node_modules` of the lock in `tests/web/`."""
    return node.modules(TESTS / "web") / "node_modules"


@pytest.fixture(scope="module")
def expected(rounded: Classifier) -> Any:
    (ranking,) = rounded.rank([TEXT])
    return {result["label"]: pytest.approx(result["score"], abs=parity.TOLERANCE) for result in ranking}


def scores(results: list[dict[str, Any]]) -> dict[str, float]:
    return {result["label"]: result["score"] for result in results}


# Without import(), without atob

IN_SERVICE_WORKER: Final = """
import { load } from "./ENTRY.js";
addEventListener("message", async ({ source, data }) => {
    try {
        source.postMessage({ answer: (await load())(data) });
    } catch (error) {
        source.postMessage({ failed: String(error) });
    }
});
"""
ASK_SERVICE_WORKER: Final = """
const told = new Promise((resolve) => { navigator.serviceWorker.onmessage = ({ data }) => resolve(data); });
const { active, installing, waiting } = await navigator.serviceWorker.register("sw.js", { type: "module" });
const worker = installing ?? waiting ?? active;
await new Promise((resolve) => {
    const look = () => { if (worker.state === "activated") resolve(); };
    worker.onstatechange = look;
    look();
});
worker.postMessage("TEXT");
globalThis.told = await told;
document.documentElement.dataset.state = "done";
"""


@pytest.mark.parametrize("entry", ["static", "index"])
def test_static_entry_answers_in_a_service_worker_where_the_other_cannot(
    entry: str, visit: Open, package: Path, tmp_path: Path, expected: Any
) -> None:
    folder = Path(shutil.copytree(package, tmp_path / "site"))
    (folder / "sw.js").write_text(IN_SERVICE_WORKER.replace("ENTRY", entry), encoding="utf-8")
    (folder / "app.js").write_text(ASK_SERVICE_WORKER.replace("TEXT", TEXT), encoding="utf-8")
    write_page(folder, scripts=("app.js",))
    with Server(folder) as server:
        told = visit().open(server.url, DONE).evaluate("told")
    if entry == "static":
        assert scores(told["answer"]) == expected
    else:
        assert "import() is disallowed" in told["failed"]


def test_static_entry_asks_for_neither_import_nor_atob(project: Path, package: Path, expected: Any) -> None:
    text = (package / "static.js").read_text(encoding="utf-8")
    assert "import(" not in text
    assert "atob" not in text
    program = """
        delete globalThis.atob;
        const { load } = await import("byline/static");
        console.log(JSON.stringify((await load())("TEXT")));
    """
    assert scores(evaluate(project, program.replace("TEXT", TEXT))) == expected


# By require()


@pytest.mark.parametrize("entry", ["byline", "byline/static"])
def test_require_gives_the_same_answers_where_node_requires_no_es_module(
    entry: str, project: Path, expected: Any
) -> None:
    program = f"""
        const {{ load }} = require("{entry}");
        const other = require("byline/phrase-classifier");
        load().then((classify) => console.log(JSON.stringify([classify("{TEXT}"), Object.keys(other).sort()])));
    """
    (project / "ask.cjs").write_text(program, encoding="utf-8")
    newer = run_node(["--no-experimental-require-module", "--version"]).returncode == 0
    done = run_node([*(["--no-experimental-require-module"] if newer else []), "ask.cjs"], cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    results, names = json.loads(done.stdout)
    assert scores(results) == expected
    assert names == ["PhraseClassifier", "define"]


# In documents without a browser

IN_DOCUMENT: Final = """
import { createRequire } from "node:module";
const require = createRequire("PACKAGES/here.cjs");
const open = {
    jsdom: () => new (require("jsdom").JSDOM)("<!doctype html><form></form>").window,
    "happy-dom": async () => new (await import("PACKAGES/happy-dom/lib/index.js")).Window(),
};
const window = await open["NAME"]();
for (const key of ["document", "HTMLElement", "customElements", "CustomEvent"]) globalThis[key] = window[key];
if (window.CSSStyleSheet) globalThis.CSSStyleSheet = window.CSSStyleSheet;
await import("byline/phrase-classifier");
const element = document.createElement("phrase-classifier");
element.name = "phrase";
const answered = new Promise((resolve) => element.addEventListener("classify", resolve, { once: true }));
document.body.append(element);
element.value = "TEXT";
const { detail } = await answered;
const inside = (selector) => element.shadowRoot.querySelector(selector);
const styled = inside("style") !== null || element.shadowRoot.adoptedStyleSheets.length === 1;
const { name, value } = element;
const verdict = inside("[part=verdict] strong").textContent;
const busy = inside("[part=answer]").getAttribute("aria-busy");
console.log(JSON.stringify({ detail, verdict, styled, name, value, busy }));
process.exit();
"""


@pytest.mark.network
@pytest.mark.parametrize("name", ["jsdom", "happy-dom"])
def test_element_answers_in_documents_of_test_runners(
    name: str, project: Path, packages: Path, expected: Any, trained: Run
) -> None:
    program = IN_DOCUMENT.replace("PACKAGES", str(packages)).replace("NAME", name).replace("TEXT", TEXT)
    said = evaluate(project, program)
    assert scores(said["detail"]) == expected
    best = said["detail"][0]
    assert said["verdict"] == (best["label"] if best["score"] >= trained.threshold else "Not sure")
    assert (said["styled"], said["name"], said["value"], said["busy"]) == (True, "phrase", TEXT, "false")


# Two exports in one page


def test_two_exports_in_one_page_show_each_their_own_model(
    visit: Open, trained: Run, rounded: Classifier, package: Path, dist_path: Path, tmp_path: Path, expected: Any
) -> None:
    shutil.copytree(package, tmp_path / "site" / "first")
    shutil.copytree(dist_path / "tfjs", tmp_path / "dist" / "tfjs")
    names = tuple(f"{label} II" for label in trained.vocabulary.labels)
    vocabulary = replace(trained.vocabulary, labels=names)
    other = replace(trained, vocabulary=vocabulary, facts=trained.facts | {"model_sha256": "0" * 64})
    known = known_answer(Classifier(rounded.model, vocabulary), trained.phrases("test")[:1])
    settings = Settings(name="Tickets.2").complete(trained.facts)
    npm.write_npm(other, known, trained.facts["metrics"]["test"], tmp_path / "dist", settings)
    site = tmp_path / "site"
    shutil.move(tmp_path / "dist" / "npm", site / "second")
    (site / "define.js").write_text(
        'import { define } from "./second/phrase-classifier.js"; define("my-own"); define("my-own");\n'
        'try { define("byline-classifier"); } catch (error) { globalThis.refused = error.message; }'
    )
    tags = ("phrase-classifier", "byline-classifier", "tickets-2-classifier", "my-own")
    body = "\n".join(f'<{tag} text="{TEXT}"></{tag}>' for tag in tags)
    write_page(site, body, ("first/phrase-classifier.js", "second/phrase-classifier.js", "define.js"))
    visitor = visit()
    with Server(site) as server:
        page = visitor.open(server.url, "my-own")
        for tag in tags:
            page.wait_for_function(
                "tag => document.querySelector(tag).shadowRoot.querySelector('[aria-busy=false]')", arg=tag
            )
        labels = {tag: page.locator(f"{tag} .name").all_inner_texts() for tag in tags}
        refused = page.evaluate("refused")
    assert labels == dict(zip(tags, [list(trained.vocabulary.labels)] * 2 + [list(names)] * 2, strict=True))
    assert refused == "<byline-classifier> is another element already."
    visitor.excuse("^warning: <phrase-classifier> is another element already: this one is <tickets-2-classifier>.$")
    assert len(visitor.complaints) == 1


# Names


@pytest.mark.parametrize(
    ("name", "package_name", "tag"),
    [
        ("Satz", "satz", "satz-classifier"),
        ("events", "events-classifier", "events-classifier"),
        ("node_modules", "node_modules-classifier", "node_modules-classifier"),
        ("2024.tickets", "2024.tickets", "classifier-2024-tickets"),
        ("phrase", "phrase", "phrase-classifier"),
        ("x" * 300, "x" * 214, f"{'x' * 300}-classifier"),
    ],
)
def test_names_are_the_exports_where_npm_and_html_take_it(name: str, package_name: str, tag: str) -> None:
    assert (npm.package_name(name), npm.tag_of(name)) == (package_name, tag)


def test_readme_warns_that_npm_may_have_the_name(package: Path) -> None:
    text = " ".join((package / "README.md").read_text(encoding="utf-8").split())
    assert "`npm view byline`" in text
    assert "somebody else's package" in text


# Types, and what the linters of packages say

COMMON: Final = """
import "byline/phrase-classifier";
export const well = (
  <phrase-classifier text="x" heading="y" name="n" CLASS="c" HEAR={(e) => e.detail[0].label.trim()} />
);
// @ts-expect-error: an attribute is a text
export const number = <byline-classifier text={5} />;
// @ts-expect-error: there is no such element
export const none = <other-classifier />;
"""
TEMPLATE: Final = """<script setup lang="ts">
import "byline/phrase-classifier";
import type { ClassifyEvent } from "byline/phrase-classifier";
const hear = (event: ClassifyEvent) => event.detail[0].label.trim();
</script>
<template>
  <phrase-classifier text="x" heading="y" class="c" @classify="hear" />
  <!-- @vue-expect-error: an attribute is a text -->
  <byline-classifier :text="5" />
</template>
"""
TWO: Final = """
import "byline/phrase-classifier";
import "pets/phrase-classifier";
document.createElement("pets-classifier").value = document.createElement("byline-classifier").name;
document.body.addEventListener("classify", ({ detail }) => detail[0].label.trim());
"""
JSX: Final[dict[str, tuple[dict[str, str], dict[str, str]]]] = {
    "React 18": ({"react": "@types/react-18"}, {"CLASS": "className", "HEAR": "onclassify"}),
    "React 19": ({"react": "@types/react"}, {"CLASS": "className", "HEAR": "onclassify"}),
    "Preact": ({"preact": "preact"}, {"CLASS": "class", "HEAR": "onclassify"}),
    "Solid": ({"solid-js": "solid-js", "csstype": "csstype"}, {"CLASS": "class", "HEAR": "on:classify"}),
}


def check_types(folder: Path, name: str, source: str, packages: Path, compiler: str, **more: Any) -> None:
    options = {"strict": True, "noEmit": True, "target": "es2022", "lib": ["es2022", "dom"], "types": []}
    options |= {"module": "esnext", "moduleResolution": "bundler", "allowArbitraryExtensions": True} | more
    (folder / name).write_text(source, encoding="utf-8")
    config = {"compilerOptions": options, "files": [name], "vueCompilerOptions": {"strictTemplates": True}}
    (folder / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    done = run_node([str(packages / compiler)], cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def typed(project: Path, packages: Path, tmp_path: Path) -> Path:
    """A project with nothing in it but the package."""
    shutil.copytree(project, tmp_path / "typed")
    return tmp_path / "typed"


@pytest.mark.network
@pytest.mark.parametrize("framework", JSX)
def test_jsx_knows_the_element(framework: str, typed: Path, packages: Path) -> None:
    installed, words = JSX[framework]
    for name, source in (installed | {"csstype": "csstype"}).items():
        shutil.copytree(packages / source, typed / "node_modules" / name)
    source = COMMON
    for placeholder, word in words.items():
        source = source.replace(placeholder, word)
    # The declarations of the frameworks themselves are not what is asked here.
    check_types(
        typed,
        "use.tsx",
        source,
        packages,
        "typescript/bin/tsc",
        jsx="preserve",
        jsxImportSource=next(iter(installed)),
        skipLibCheck=True,
    )


@pytest.mark.network
def test_templates_of_vue_know_the_element(typed: Path, packages: Path) -> None:
    for name in ("vue", "@vue", "csstype"):
        shutil.copytree(packages / name, typed / "node_modules" / name)
    check_types(typed, "Use.vue", TEMPLATE, packages, "vue-tsc/bin/vue-tsc.js", skipLibCheck=True)


@pytest.mark.network
def test_types_of_two_exports_and_no_framework_are_well(typed: Path, packages: Path) -> None:
    first, second = typed / "node_modules" / "byline", typed / "node_modules" / "pets"
    shutil.copytree(first, second)
    for path in [*second.glob("*.ts"), second / "package.json"]:
        path.write_text(path.read_text().replace("byline-classifier", "pets-classifier").replace('"byline"', '"pets"'))
    check_types(typed, "two.ts", TWO, packages, "typescript/bin/tsc")


@pytest.mark.network
def test_linters_of_packages_find_nothing(package: Path, packages: Path, tmp_path: Path) -> None:
    cache = ["--cache", str(tmp_path / "cache"), "--offline", "--loglevel=error"]
    node.run(["npm", "pack", "--pack-destination", str(tmp_path), *cache], cwd=package)
    (tarball,) = tmp_path.glob("*.tgz")
    for words in (
        ["publint/src/cli.js", "run", str(tarball), "--strict", "--pack", "false"],
        ["@arethetypeswrong/cli/dist/index.js", str(tarball)],
    ):
        done = run_node([str(packages / words[0]), *words[1:]])
        assert done.returncode == 0, done.stdout + done.stderr
        assert "All good!" in done.stdout or "No problems found" in done.stdout
