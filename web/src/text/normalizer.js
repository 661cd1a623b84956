/** Normalization: rules from code points to code points, applied once, by longest match; then spaces are joined. */

/**
 * @typedef {object} Run text between two spaces
 * @property {string} text normalized
 * @property {number[]} starts of each of its UTF-16 units, where what it came from starts in the text that was given
 * @property {number[]} ends and where that ends
 */

/**
 * @param {[string, string][]} rules
 * @returns {(text: string) => Run[]}
 */
export function createNormalizer(rules) {
  /** @type {Map<string, string>} */
  const outcomes = new Map(rules);
  let longest = 1;
  for (const [old] of rules) if (old.length > longest) longest = old.length;
  // Code points with which a rule of several begins: before all others nothing longer has to be looked for.
  const begins = new Set(
    rules.filter(([old]) => old.length > width(old, 0)).map(([old]) => old.codePointAt(0)),
  );

  // What becomes of each ASCII character, unless a longer rule begins with it: the quick way through most text.
  const ascii = Array.from({ length: 128 }, (_, code) => {
    const character = String.fromCharCode(code);
    return begins.has(code) ? undefined : (outcomes.get(character) ?? character);
  });

  return (text) => {
    /** @type {Run[]} */
    const runs = [];
    /** @type {Run | undefined} */
    let run;
    for (let at = 0; at < text.length; ) {
      let size = 1;
      let outcome = ascii[text.charCodeAt(at)];
      if (outcome === undefined) {
        size = width(text, at);
        if (begins.has(text.codePointAt(at)))
          [size, outcome] = longestMatch(outcomes, text, at, size, longest);
        outcome ??= outcomes.get(text.slice(at, at + size)) ?? text.slice(at, at + size);
      }
      // What is removed stays with the character before it: an accent with its letter, a selector with its emoji.
      if (outcome === "" && run) run.ends[run.ends.length - 1] = at + size;
      for (let unit = 0; unit < outcome.length; unit += 1) {
        if (outcome[unit] === " ") {
          run = undefined;
          continue;
        }
        if (!run) {
          run = { text: "", starts: [], ends: [] };
          runs.push(run);
        }
        run.text += outcome[unit];
        run.starts.push(at);
        run.ends.push(at + size);
      }
      at += size;
    }
    return runs;
  };
}

/**
 * @param {Map<string, string>} outcomes
 * @param {string} text
 * @param {number} at
 * @param {number} least a code point's width
 * @param {number} longest
 * @returns {[number, string | undefined]} how much is replaced, and by what
 */
function longestMatch(outcomes, text, at, least, longest) {
  for (let size = Math.min(longest, text.length - at); size > least; size -= 1) {
    const outcome = outcomes.get(text.slice(at, at + size));
    if (outcome !== undefined) return [size, outcome];
  }
  return [least, undefined];
}

/** @param {string} text @param {number} at */
const width = (text, at) => (Number(text.codePointAt(at)) > 0xffff ? 2 : 1);
