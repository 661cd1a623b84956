/**
 * Reads what stands in the field, and only the latest of it. A long text is read in steps with a pause after
 * each, so that typing, scrolling and a newer text come between.
 */

/** How long the page may be busy before it lets the browser draw: about a frame. */
const SLICE_MS = 12;

/** Windows a step: few, because the page stands still for the length of one. */
const BATCH = 4;

/**
 * @typedef {object} Outcome
 * @property {(progress: import("../engine/classifier.js").Progress) => void} progress
 * @property {(explanation: import("../engine/classifier.js").Explanation) => void} done
 * @property {(error: unknown) => void} failed
 */

/**
 * @param {import("../engine/classifier.js").Classifier} classifier
 * @param {Outcome} outcome
 */
export function createReader(classifier, outcome) {
  let latest = 0;

  /** @param {string} text */
  async function readInSlices(text) {
    latest += 1;
    const turn = latest;
    const steps = classifier.read(text, BATCH);
    let busySince = performance.now();
    let step = steps.next();
    while (!step.done) {
      if (performance.now() - busySince > SLICE_MS) {
        outcome.progress(step.value);
        await pause();
        if (turn !== latest) return;
        busySince = performance.now();
      }
      step = steps.next();
    }
    outcome.done(step.value);
  }

  return {
    /** @param {string} text */
    read(text) {
      readInSlices(text).catch(outcome.failed);
    },
  };
}

/** A timer, not a microtask: the browser takes input and draws only between tasks. */
const pause = () => new Promise((resolve) => setTimeout(resolve));
