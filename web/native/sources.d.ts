/** Below it an answer is "not sure"; the bundler writes it in. */
declare const THRESHOLD: number;
