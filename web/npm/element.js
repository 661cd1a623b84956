/**
 * `<phrase-classifier>`, `phrase-classifier.js` once it is bundled: a field, the answer and a bar for every label.
 * `phrase-classifier.d.ts` says what it can be given.
 *
 *     <script type="module" src="phrase-classifier.js"></script>
 *     <phrase-classifier heading="Your phrase" text="To be or not to be"></phrase-classifier>
 */

import { element, named } from "../src/shared/dom.js";
import { formatToParts, percent, speak, spokenAnswer, spokenPercent, t } from "../src/shared/i18n.js";
import css from "./element.css";
import { load } from "./index.js";

/** @typedef {import("./index.js").Classifier} Classifier */
/** @typedef {import("./index.js").Explanation} Explanation */
/** @typedef {import("./index.js").Result} Result */

/** Of every export; where two of them meet in a page, the first one has it. */
const COMMON_TAG = "phrase-classifier";

/** Up to this many labels have a bar each and keep their places, which is calm to watch; of more, the best have one. */
const BARS = 12;

/** A pause in typing after which the answer is spoken. */
const SPEAK_AFTER_MS = 900;

// On a server, where pages are rendered ahead, there are no elements; to import this must not fail there.
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

/** @type {CSSStyleSheet | undefined} */
let sheet;

/**
 * One sheet for all elements, made by a script, which a content security policy for styles does not forbid. Safari before
 * 16.4 and the documents of test runners have none: there each element has a `<style>`.
 *
 * @param {ShadowRoot} root
 */
function dress(root) {
  if ("adoptedStyleSheets" in root && typeof globalThis.CSSStyleSheet?.prototype.replaceSync === "function") {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    root.adoptedStyleSheets = [sheet];
  } else {
    root.prepend(element("style", "", css));
  }
}

/**
 * An element whose class is the name of its part, too. By attributes, as ARIA below: not every document reflects them.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} name
 * @param {...(string | Node)} children
 */
function part(tag, name, ...children) {
  const made = element(tag, name, ...children);
  made.setAttribute("part", name);
  return made;
}

export class PhraseClassifier extends Base {
  static observedAttributes = ["heading", "placeholder", "text", "value"];
  static formAssociated = true;

  /** Which model answers: two exports may meet in a page. */
  static model = FACTS.model;

  #heading = part("label", "heading");
  #field = part("textarea", "field");
  #answer = createAnswer();
  #internals = this.attachInternals?.(); // Safari before 16.4 has none, and a form there does not see the element
  /** @type {Classifier | undefined} */
  #classify;
  /** @type {Result[]} */
  #results = [];

  constructor() {
    super();
    this.#field.id = "field";
    this.#field.rows = 3;
    this.#field.dir = "auto";
    this.#heading.htmlFor = "field";
    this.#field.addEventListener("input", () => {
      this.#read();
      this.#answer.speak();
    });
    this.#label();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.append(this.#heading, this.#field, this.#answer.section);
    dress(root);
  }

  get value() {
    return this.#field.value;
  }

  set value(text) {
    this.#field.value = text ?? "";
    this.#read();
  }

  /** For who listens only after the first answer, as a page does that was rendered on a server. */
  get results() {
    return this.#results;
  }

  get name() {
    return this.getAttribute("name") ?? "";
  }

  set name(name) {
    this.setAttribute("name", name);
  }

  get form() {
    return this.#internals?.form ?? null;
  }

  formResetCallback() {
    this.value = this.getAttribute("text") ?? this.getAttribute("value") ?? "";
  }

  /** @param {boolean} disabled by the attribute, or by a fieldset */
  formDisabledCallback(disabled) {
    this.#field.disabled = disabled;
  }

  /** @param {string} text that stood in it before the visitor left the page */
  formStateRestoreCallback(text) {
    this.value = text;
  }

  connectedCallback() {
    // A page may have set it before this module came.
    if (Object.hasOwn(this, "value")) {
      const { value } = this;
      // @ts-expect-error: TypeScript knows only the accessors that this uncovers.
      delete this.value;
      this.value = value;
    }
    if (!this.#classify) this.#load();
  }

  /** @param {string} name @param {string | null} _ @param {string | null} text */
  attributeChangedCallback(name, _, text) {
    // React writes the property as an attribute where it renders on a server, and leaves it at that.
    if (name === "text" || name === "value") this.value = text ?? "";
    else this.#label();
  }

  #label() {
    this.#heading.textContent = this.getAttribute("heading") || t("phrase");
    this.#field.placeholder = this.getAttribute("placeholder") ?? t("placeholder");
  }

  async #load() {
    try {
      const classify = await load();
      if (this.#classify) return; // it was moved, and asked twice
      this.#classify = classify;
      this.#read();
    } catch (error) {
      this.#answer.fail();
      console.error(error);
    }
  }

  #read() {
    this.#internals?.setFormValue?.(this.value);
    if (!this.#classify) return;
    const explanation = this.#classify.explain(this.value);
    const worded = explanation.tokens.length > 0;
    this.#answer.show(explanation, worded);
    this.#results = worded ? explanation.results : [];
    const said = { detail: this.#results, bubbles: true, composed: true };
    this.dispatchEvent(new CustomEvent("classify", said));
  }
}

/** What stands below the field. */
function createAnswer() {
  const verdict = part("p", "verdict", t("loading"));
  const list = part("ul", "labels");
  const status = element("p", "status");
  const section = part("div", "answer", verdict, list, status);
  const { labels } = FACTS;
  const bars = labels.slice(0, BARS).map((label, place) => createBar(label, place));
  let summary = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  section.lang = FACTS.language;
  section.setAttribute("aria-busy", "true");
  list.setAttribute("role", "list"); // without bullets it would be none to some screen readers
  list.append(...bars.map(({ item }) => item));
  status.setAttribute("role", "status");

  return {
    section,

    /** @param {Explanation} explanation @param {boolean} worded */
    show({ text, results, sure }, worded) {
      section.setAttribute("aria-busy", "false");
      list.hidden = false;
      verdict.removeAttribute("role");
      verdict.classList.toggle("empty", !worded);
      verdict.replaceChildren(
        ...(worded ? verdictOf(results[0], sure) : [t(text.trim() === "" ? "empty" : "no_word")]),
      );
      const scores = new Map(results.map(({ label, score }) => [label, score]));
      for (const [place, bar] of bars.entries()) {
        const label = labels.length > BARS ? results[place].label : labels[place];
        bar.show(label, worded ? scores.get(label) : undefined, worded && sure && label === results[0].label);
      }
      summary = worded ? spokenAnswer(results, sure) : "";
    },

    /** Says the answer to a screen reader, once it has not changed for a while. */
    speak() {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        status.textContent = summary;
      }, SPEAK_AFTER_MS);
    },

    fail() {
      section.setAttribute("aria-busy", "false");
      verdict.replaceChildren(t("failure"), " ", t("failure_why"));
      verdict.setAttribute("role", "alert");
      list.hidden = true;
    },
  };
}

/**
 * @param {Result} best
 * @param {boolean} sure
 * @returns {Node[]}
 */
function verdictOf({ label, score }, sure) {
  const share = percent(score);
  if (sure) return [named(label, "strong"), element("span", "share", share)];
  return [
    element("strong", "not-sure", t("not_sure")),
    element("span", "nearest", ...formatToParts("nearest", { label: named(label), share })),
  ];
}

/**
 * @param {string} label
 * @param {number} place
 */
function createBar(label, place) {
  const name = part("span", "name", label);
  const share = part("span", "share");
  const fill = part("span", "fill");
  const bar = part("span", "bar", fill);
  const item = part("li", "label", name, share, bar);
  name.id = `label-${place}`;
  name.dir = "auto";
  share.setAttribute("aria-hidden", "true");
  bar.setAttribute("role", "meter");
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  bar.setAttribute("aria-labelledby", name.id);

  /** @param {string} label @param {number | undefined} score @param {boolean} leads */
  function show(label, score, leads) {
    name.textContent = label;
    item.classList.toggle("leads", leads);
    share.textContent = score === undefined ? "–" : percent(score);
    bar.setAttribute("aria-valuenow", String(Math.round(100 * (score ?? 0))));
    bar.setAttribute("aria-valuetext", score === undefined ? t("no_answer_yet") : spokenPercent(score));
    // Through the CSSOM, which a policy against style attributes leaves alone.
    fill.style.setProperty("--share", (score ?? 0).toFixed(4));
  }
  show(label, undefined, false);
  return { item, show };
}

/**
 * @param {string} tag
 * @returns {boolean} whether the element has it now; not if it is another element's, or shows another model
 */
function takes(tag) {
  const there = customElements.get(tag);
  if (!there) customElements.define(tag, class extends PhraseClassifier {});
  return !there || /** @type {Partial<typeof PhraseClassifier>} */ (there).model === FACTS.model;
}

/**
 * Defines the element under a tag of one's own.
 *
 * @param {string} tag
 * @throws {Error} if it is another element's, or shows another model
 */
export function define(tag) {
  if (globalThis.customElements && !takes(tag)) throw new Error(`<${tag}> is another element already.`);
}

if (globalThis.customElements) {
  speak(FACTS.language, FACTS.strings);
  if (!takes(FACTS.tag))
    console.warn(`<${FACTS.tag}> is another element already: give this one a tag by define("your-tag").`);
  else if (!takes(COMMON_TAG))
    console.warn(`<${COMMON_TAG}> is another element already: this one is <${FACTS.tag}>.`);
}
