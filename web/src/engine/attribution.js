/** What a word does to an answer: leave-one-out attribution, in log-odds of the label that is shown. */

/** The least probability: the smallest float32 that has all its digits. */
const FLOOR = 1.2e-38;

/**
 * @typedef {object} Effect of a word, by leaving it out
 * @property {number} shown the label that comes first with the word
 * @property {number} logOdds what the word adds to the log-odds of `shown`, in nats
 * @property {number} label that the word speaks for: `shown`, or where it speaks against it the label that it raises most
 * @property {number} before the probability of `shown` with the word
 * @property {number} after and without it
 * @property {number} next the label that is best without the word, `shown` aside
 * @property {number} nextScore its probability then
 */

/**
 * Log-odds rank words also where the probabilities round to 0 and 1. A longer text's answer is the mean of its windows'
 * log-probabilities, so that what a word does to its own window is the difference times their number.
 *
 * @param {number[]} probabilities
 * @param {number[]} answer without the word
 * @param {number} windows
 * @returns {Effect}
 */
export function effectOf(probabilities, answer, windows) {
  const shown = best(probabilities);
  const next = best(answer, shown);
  const logOdds = windows * (logOddsOf(probabilities, shown) - logOddsOf(answer, shown));
  const raised = probabilities.map((probability, label) => logOf(probability) - logOf(answer[label]));
  const label = logOdds < 0 ? best(raised, shown) : shown;
  return {
    shown,
    logOdds,
    label,
    before: probabilities[shown],
    after: answer[shown],
    next,
    nextScore: answer[next],
  };
}

/** @param {number} probability */
const logOf = (probability) => Math.log(Math.max(probability, FLOOR));

/**
 * The other labels are summed, because `1 - probability` is 0 long before they are.
 *
 * @param {number[]} probabilities
 * @param {number} label
 */
function logOddsOf(probabilities, label) {
  const others = probabilities.reduce(
    (sum, probability, other) => (other === label ? sum : sum + probability),
    0,
  );
  return logOf(probabilities[label]) - logOf(others);
}

/**
 * @param {number[]} values
 * @param {number} [aside] an index that is passed over
 * @returns {number} the index of the largest
 */
export function best(values, aside = -1) {
  return values.reduce(
    (at, value, index) => (index !== aside && (at < 0 || value > values[at]) ? index : at),
    -1,
  );
}
