/**
 * A short-text classifier with its model inside: nothing is fetched from anywhere else, nothing that is read leaves
 * the device.
 */

/** A label, and how likely it is that the text has it. */
export interface Result {
  label: string;
  /** Between 0 and 1; those of all labels add up to 1. */
  score: number;
}

/** A word of the text as a reader would count it; where a script has no spaces, a piece of it. Punctuation is none. */
export interface Token {
  /** As it stands in the text. */
  word: string;
  /** Where it starts in `Explanation.text`, in UTF-16 units: `text.slice(start, end) === word`. */
  start: number;
  end: number;
  /** Its first piece, among `Explanation.ids`. */
  first: number;
  /** One past its last piece. */
  last: number;
  /** Whether the model learned it, or a part of it that is longer than a character. */
  known: boolean;
}

/** A text that is longer than the model reads at once is read in windows; the answer is drawn from all of them. */
export interface Window {
  /** Its first word. */
  start: number;
  /** One past its last word. */
  end: number;
  /** How many of its words the model knows. */
  known: number;
  /** In the order of `Classifier.labels`. */
  probabilities: number[];
}

/** What was read, and what came of it. */
export interface Explanation {
  /** What was read: the given text without NUL. */
  text: string;
  tokens: Token[];
  /** The numbers of the pieces that the text was cut into. */
  ids: number[];
  windows: Window[];
  /** How many words of the text the model knows. */
  known: number;
  /** In the order of `Classifier.labels`. */
  probabilities: number[];
  /** What `classify(text)` gives: best first. */
  results: Result[];
  /** `false`: call the answer "not sure". Its best score is below the threshold, or no word of the text is known. */
  sure: boolean;
}

/** Answers at once, each time from the text alone. */
export interface Classifier {
  /**
   * Ranks the labels.
   *
   * @param text Any text; an empty one is answered, too.
   * @returns All labels, best first.
   */
  (text: string): Result[];

  /** All labels, in the order of every `probabilities`. */
  readonly labels: readonly string[];

  /** An answer whose best score is below it should be called "not sure"; so should that to a text without a known word. */
  readonly threshold: number;

  /** Says how the text was read, beside the answer. */
  explain(text: string): Explanation;

  /**
   * Leaves out one word after the other: what a word does to the answer is the difference to
   * `explain(text).probabilities`. It takes as many readings as there are words.
   *
   * @returns For each of `explain(text).tokens` the probabilities without it, in the order of `labels`.
   */
  leaveOneOut(text: string): number[][];

  /**
   * Gives the rows of ids that the model reads: for who runs the TensorFlow.js or the TensorFlow Lite model instead.
   *
   * @returns A row for each window of the text: `[CLS]`, pieces, `[SEP]`, and zeros.
   */
  rows(text: string): number[][];
}

/**
 * Loads the model, once for all who ask.
 *
 * @returns The classifier, after it gave the trained model's answer to a phrase whose answer is known.
 * @throws {Error} If it gives another, or the model's module cannot be loaded: the promise is rejected.
 */
export function load(): Promise<Classifier>;
