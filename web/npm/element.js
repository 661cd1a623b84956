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

const NAME = "phrase-classifier";

/** Up to this many labels have a bar each and keep their places, which is calm to watch; of more, the best have one. */
const BARS = 12;

/** A pause in typing after which the answer is spoken. */
const SPEAK_AFTER_MS = 900;

// On a server, where pages are rendered ahead, there are no elements; to import this must not fail there.
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** One for all elements. It is made by a script, which a content security policy for styles does not forbid. */
function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

export class PhraseClassifier extends Base {
  static observedAttributes = ["heading", "placeholder", "text"];

  #heading = element("label", "heading");
  #field = element("textarea", "field");
  #answer = createAnswer();
  /** @type {Classifier | undefined} */
  #classify;

  constructor() {
    super();
    this.#field.id = "field";
    this.#field.rows = 3;
    this.#field.dir = "auto";
    this.#field.part.add("field");
    this.#heading.htmlFor = "field";
    this.#heading.part.add("heading");
    this.#field.addEventListener("input", () => {
      this.#read();
      this.#answer.speak();
    });
    this.#name();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [styleSheet()];
    root.append(this.#heading, this.#field, this.#answer.section);
  }

  get value() {
    return this.#field.value;
  }

  set value(text) {
    this.#field.value = text;
    this.#read();
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
    if (name === "text") this.value = text ?? "";
    else this.#name();
  }

  #name() {
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
    if (!this.#classify) return;
    const explanation = this.#classify.explain(this.value);
    const worded = explanation.tokens.length > 0;
    this.#answer.show(explanation, worded);
    const detail = worded ? explanation.results : [];
    this.dispatchEvent(new CustomEvent("classify", { detail, bubbles: true, composed: true }));
  }
}

/** What stands below the field. */
function createAnswer() {
  const verdict = element("p", "verdict", t("loading"));
  const list = element("ul", "labels");
  const status = element("p", "status");
  const section = element("div", "answer", verdict, list, status);
  const { labels } = FACTS;
  const bars = labels.slice(0, BARS).map((label, place) => createBar(label, place));
  let summary = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  section.lang = FACTS.language;
  section.part.add("answer");
  section.ariaBusy = "true";
  verdict.part.add("verdict");
  list.part.add("labels");
  list.role = "list"; // without bullets it would be none to some screen readers
  list.append(...bars.map(({ item }) => item));
  status.role = "status";

  return {
    section,

    /** @param {Explanation} explanation @param {boolean} worded */
    show({ text, results, sure }, worded) {
      section.ariaBusy = "false";
      list.hidden = false;
      verdict.role = null;
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
      section.ariaBusy = "false";
      verdict.replaceChildren(t("failure"), " ", t("failure_why"));
      verdict.role = "alert";
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
  const name = element("span", "name", label);
  const share = element("span", "share");
  const fill = element("span", "fill");
  const bar = element("span", "bar", fill);
  const item = element("li", "label", name, share, bar);
  for (const part of [name, share, fill, bar, item]) part.part.add(part.className);
  name.id = `label-${place}`;
  name.dir = "auto";
  share.ariaHidden = "true";
  bar.role = "meter";
  bar.ariaValueMin = "0";
  bar.ariaValueMax = "100";
  bar.setAttribute("aria-labelledby", name.id);

  /** @param {string} label @param {number | undefined} score @param {boolean} leads */
  function show(label, score, leads) {
    name.textContent = label;
    item.classList.toggle("leads", leads);
    share.textContent = score === undefined ? "–" : percent(score);
    bar.ariaValueNow = String(Math.round(100 * (score ?? 0)));
    bar.ariaValueText = score === undefined ? t("no_answer_yet") : spokenPercent(score);
    // Through the CSSOM, which a policy against style attributes leaves alone.
    fill.style.setProperty("--share", (score ?? 0).toFixed(4));
  }
  show(label, undefined, false);
  return { item, show };
}

if (globalThis.customElements) {
  speak(FACTS.language, FACTS.strings);
  if (customElements.get(NAME)) {
    console.warn(
      `<${NAME}> is defined already, maybe with another model: this one's class can be given another name.`,
    );
  } else {
    customElements.define(NAME, PhraseClassifier);
  }
}
