/**
 * Phrases to try, out of the test split. Once one is chosen its true label is told, until the text changes.
 */

/** @typedef {{text: string, label: string}} Example */

/**
 * @param {Example[]} examples
 * @param {{choose: (text: string) => void}} actions
 */
export function createExamples(examples, { choose }) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
    document.querySelectorAll("button[data-example]")
  )) {
    const example = examples[Number(button.dataset.example)];
    button.addEventListener("click", () => choose(example.text));
  }

  return {
    /**
     * @param {string} text
     * @param {import("../engine/classifier.js").Explanation} explanation
     * @returns {{label: string, right: boolean} | undefined}
     */
    verdict(text, { results }) {
      const example = examples.find((candidate) => candidate.text === text);
      return example && { label: example.label, right: results[0].label === example.label };
    },
  };
}
