/** Files inside of a ZIP archive, and bytes that were packed by gzip: unpacked by the browser itself. */

/** A file that says of itself that it is larger is not unpacked. */
const LARGEST = 200e6;

const END = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {"gzip" | "deflate-raw"} format
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {Error} if they are not that, or more than can be read
 */
export async function unpack(bytes, format) {
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const chunks = [];
  let size = 0;
  for (const reader = unpacked.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
    if (size > LARGEST) throw new RangeError("too large");
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes of a ZIP archive
 * @returns {(path: string) => Promise<string | undefined>} a file's text by its path; undefined where there is none
 * @throws {Error} if it is no archive
 */
export function openArchive(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = entriesOf(view, bytes);
  return async (path) => {
    const at = places.get(path);
    if (at === undefined) return undefined;
    const method = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 20, true);
    const local = view.getUint32(at + 42, true);
    const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = bytes.subarray(start, start + size);
    if (method !== STORED && method !== DEFLATED) throw new Error("packed in a way that is not known");
    return new TextDecoder().decode(method === STORED ? packed : await unpack(packed, "deflate-raw"));
  };
}

/**
 * @param {DataView} view
 * @param {Uint8Array} bytes
 * @returns {Map<string, number>} where a file's entry in the directory stands, by its path
 */
function entriesOf(view, bytes) {
  let end = view.byteLength - END_BYTES;
  const first = Math.max(0, end - LONGEST_COMMENT);
  while (end >= first && view.getUint32(end, true) !== END) end -= 1;
  if (end < first) throw new Error("no archive");
  const places = new Map();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0 && view.getUint32(at, true) === ENTRY; left -= 1) {
    const length = view.getUint16(at + 28, true);
    places.set(new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + length)), at);
    at += ENTRY_BYTES + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return places;
}
