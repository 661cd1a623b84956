/** Bytes that stand in a text. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Without `atob`, which React Native's engine lacks before version 0.74.
 *
 * @param {string} text padded, and nothing else in it
 * @returns {ArrayBuffer}
 */
export function fromBase64(text) {
  const values = new Uint8Array(128);
  for (const [value, digit] of [...DIGITS].entries()) values[digit.charCodeAt(0)] = value;
  const count = text.replace(/=+$/, "").length;
  const bytes = new Uint8Array(Math.floor((count * 3) / 4));
  for (let from = 0, to = 0; from < count; from += 4) {
    let bits = 0;
    // A digit past the end is "=", or none: its value is 0, and its byte lies past the end, too.
    for (let place = 0; place < 4; place++) bits = (bits << 6) | values[text.charCodeAt(from + place) || 0];
    bytes[to++] = bits >> 16;
    bytes[to++] = bits >> 8;
    bytes[to++] = bits;
  }
  return bytes.buffer;
}
