/** What `model.js.j2` becomes. */

export const vocabulary: import("../src/engine/tokenizer.js").Vocabulary;
export const topology: import("../src/engine/weights.js").ModelJSON;
export const weights: string;
export const golden: import("../src/engine/golden.js").Golden;
export const threshold: number;
