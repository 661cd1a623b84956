/** A browser, or one of its backends, that computes wrongly must not answer at all. */

/** How far an answer to the known-answer phrase may be from the trained model's. */
const TOLERANCE = 1e-3;

/** @typedef {{text: string, probabilities: number[]}} KnownAnswer a phrase, and what the trained model says of it */

/**
 * @param {import("./classifier.js").Classifier} classifier
 * @param {KnownAnswer} knownAnswer
 * @throws {Error} if it gives another answer
 */
export function checkKnownAnswer(classifier, { text, probabilities }) {
  const own = classifier.explain(text).probabilities;
  const agrees =
    own.length === probabilities.length &&
    own.every((value, label) => Math.abs(value - probabilities[label]) <= TOLERANCE);
  if (!agrees) throw new Error("This machine computes another answer than the trained model gives.");
}
