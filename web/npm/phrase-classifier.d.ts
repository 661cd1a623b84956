/** To import this module defines `<phrase-classifier>`. On a server, where there are no elements, it does nothing. */

import type { Result } from "./index.js";

/**
 * A field, the answer and a bar for every label.
 *
 * Attributes: `text` is what stands in the field at first, `heading` the field's label, `placeholder` what an empty
 * field shows. The event `classify` comes with every answer, and has what `classify(text)` gives as its `detail`; that
 * is empty where there is no word in the text.
 *
 * Parts: `heading`, `field`, `answer`, `verdict`, `labels`, `label`, `name`, `share`, `bar`, `fill`.
 * Custom properties: `--accent`, `--soft`, `--rule`, `--track`.
 */
export class PhraseClassifier extends HTMLElement {
  /** What stands in the field. */
  value: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "phrase-classifier": PhraseClassifier;
  }

  interface HTMLElementEventMap {
    classify: CustomEvent<Result[]>;
  }
}
