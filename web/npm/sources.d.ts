/** What `build.mjs` and the export put beside these sources. */

/** What the element says and shows before the model is there. */
declare const FACTS: {
  /** Of the export alone, by its name. */
  tag: string;
  /** The start of the SHA-256 of its numbers. */
  model: string;
  language: string;
  labels: string[];
  strings: import("../src/shared/i18n.js").Strings;
};

declare module "*.css" {
  const text: string;
  export default text;
}
