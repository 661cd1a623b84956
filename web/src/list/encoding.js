/** Bytes of a text file as text. `trainer/data/text_files.py` does the same for the trainer, with a detector. */

/** Encodings that browsers know and files are found in, the most common first. */
export const ENCODINGS = [
  ..."utf-8 windows-1252 utf-16le utf-16be windows-1250 windows-1251 koi8-r windows-1253 windows-1254".split(
    " ",
  ),
  ..."windows-1255 windows-1256 windows-1257 windows-874 shift_jis euc-jp gb18030 big5 euc-kr".split(" "),
];

const USUAL = "windows-1252";

/** Of every second byte that is NUL in UTF-16: spaces, line breaks, Latin letters. */
const WIDE = 0.02;
const SAMPLE = 1 << 17;

/** By so much of a sample's letters another encoding must fit better than the usual one. */
const CLEARLY = 0.2;

/**
 * UTF-8 wherever bytes can be that, else UTF-16, else the encoding that gives the letters that are expected.
 *
 * @param {Uint8Array} bytes
 * @param {string} [letters] a text in the languages that are expected
 * @returns {string | undefined} one of `ENCODINGS`; undefined where it is no text, or UTF-8 with damage
 */
export function encodingOf(bytes, letters = "") {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  const wide = wideOf(bytes.subarray(0, SAMPLE));
  if (wide) return wide;
  if (decode(bytes, "utf-8") !== undefined) return "utf-8";
  return mostlyUtf8(bytes) ? undefined : legacy(bytes, letters);
}

/**
 * @param {Uint8Array} bytes
 * @param {string} encoding
 * @returns {string | undefined} with "\n" at the ends of lines and without a mark; undefined where it is not that
 */
export function decode(bytes, encoding) {
  try {
    // As a stream: Node 20 takes Windows-1252 for Latin-1 otherwise.
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: encoding === USUAL });
    return text.includes("\0") ? undefined : text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  } catch {
    return undefined;
  }
}

/**
 * UTF-16 without a mark, by its NUL bytes: all at even places, or all at odd ones.
 *
 * @param {Uint8Array} head
 */
function wideOf(head) {
  const nul = [0, 0];
  for (let place = 0; place < head.length; place += 1) if (head[place] === 0) nul[place % 2] += 1;
  const [even, odd] = nul;
  const least = WIDE * Math.max(1, head.length >> 1);
  if (odd > least && even <= odd / 10) return "utf-16le";
  return even > least && odd <= even / 10 ? "utf-16be" : "";
}

/** @param {Uint8Array} bytes that are not UTF-8 */
function mostlyUtf8(bytes) {
  let [lost, whole] = [0, 0];
  for (const character of new TextDecoder().decode(bytes)) {
    if (character === "\uFFFD") lost += 1;
    else if (character > "\x7F") whole += 1;
  }
  return whole > lost;
}

/**
 * @param {Uint8Array} bytes in no form of Unicode
 * @param {string} letters
 */
function legacy(bytes, letters) {
  if (bytes.includes(0)) return undefined;
  const start = Math.max(0, bytes.findIndex((byte) => byte > 0x7f) - SAMPLE / 4);
  const sample = bytes.subarray(start, start + SAMPLE);
  const expected = new Set(beyondAscii(letters));
  /** @param {string} encoding */
  const fitOf = (encoding) => {
    const found = beyondAscii(new TextDecoder(encoding).decode(sample, { stream: true }));
    return found.filter((letter) => expected.has(letter)).length / Math.max(1, found.length);
  };
  let [best, most] = [USUAL, fitOf(USUAL) + CLEARLY];
  for (const encoding of ENCODINGS) {
    const fit = encoding.startsWith("utf") ? 0 : fitOf(encoding);
    if (fit > most) [best, most] = [encoding, fit];
  }
  return best;
}

/** @param {string} text */
const beyondAscii = (text) => [...text.toLowerCase()].filter((character) => character > "\x7F");
