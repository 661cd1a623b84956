/** What `model.js.j2` becomes. */

export const vocabulary: import("../src/text/tokenizer.js").Vocabulary;
export const topology: import("../src/engine/weights.js").ModelJSON;
export const weights: string;
export const knownAnswer: import("../src/engine/known-answer.js").KnownAnswer;
export const threshold: number;
