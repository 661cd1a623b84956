/**
 * The numbers of a TF.js graph model, by name: `model.json` says where each stands in the shards.
 *
 *     readWeights(topology, shards).get("embedding_rows");  // {values: Uint8Array, shape: [11600, 8], offset: -128}
 *
 * Whole numbers of 8 and 16 bits stay as they are stored; float16 becomes float32, which holds it exactly.
 */

/**
 * @typedef {object} Entry of a weights manifest
 * @property {string} name
 * @property {number[]} shape
 * @property {string} dtype
 * @property {{dtype: string, min?: number, scale?: number}} [quantization]
 */

/**
 * @typedef {object} ModelJSON the part of `model.json` that is read here
 * @property {{paths: string[], weights: Entry[]}[]} weightsManifest
 * @property {{lstm_steps?: number}} [userDefinedMetadata]
 */

/**
 * @typedef {object} Weight
 * @property {Float32Array | Int32Array | Uint8Array | Uint16Array} values row after row
 * @property {number[]} shape
 * @property {number} offset what is added to each value; other than 0 for whole numbers alone
 */

const BYTES = { float32: 4, int32: 4, float16: 2, uint16: 2, uint8: 1 };

/**
 * The shards of a model in the order in which they are to be joined.
 *
 * @param {ModelJSON} topology
 * @returns {string[]} paths relative to `model.json`
 */
export function shardPaths(topology) {
  return topology.weightsManifest.flatMap((group) => group.paths);
}

/**
 * @param {ModelJSON} topology the content of `model.json`
 * @param {ArrayBuffer} shards all of them, one after the other
 * @returns {Map<string, Weight>} by the last part of each name
 * @throws {Error} if a weight is of a kind that a Byline model has not, or the shards are cut short
 */
export function readWeights(topology, shards) {
  const weights = new Map();
  let start = 0;
  for (const entry of topology.weightsManifest.flatMap((group) => group.weights)) {
    const { quantization, shape, dtype } = entry;
    const stored = /** @type {keyof typeof BYTES} */ (quantization?.dtype ?? dtype);
    const count = shape.reduce((product, side) => product * side, 1);
    const end = start + count * BYTES[stored];
    if (!(end <= shards.byteLength)) {
      throw new Error(
        `The shards must hold ${entry.name}, ${stored} of ${shape}. Received: ${shards.byteLength} bytes`,
      );
    }
    const offset = stored === "uint8" || stored === "uint16" ? wholeOffset(entry) : 0;
    const values = decode(shards.slice(start, end), stored);
    weights.set(entry.name.slice(entry.name.lastIndexOf("/") + 1), { values, shape, offset });
    start = end;
  }
  return weights;
}

/** @param {Entry} entry */
function wholeOffset({ name, quantization }) {
  const { min, scale } = quantization ?? {};
  if (scale !== 1 || !Number.isInteger(min)) {
    throw new Error(`${name} must hold whole numbers. Received: a scale of ${scale} and a least of ${min}`);
  }
  return Number(min);
}

/**
 * @param {ArrayBuffer} bytes a copy: a view into the shards would have to start at a multiple of its numbers' size
 * @param {keyof typeof BYTES} stored
 */
function decode(bytes, stored) {
  if (stored === "uint8") return new Uint8Array(bytes);
  if (stored === "uint16") return new Uint16Array(bytes);
  if (stored === "int32") return new Int32Array(bytes);
  return stored === "float16" ? fromHalves(new Uint16Array(bytes)) : new Float32Array(bytes);
}

/**
 * @param {Uint16Array} halves IEEE 754 binary16
 * @returns {Float32Array} the same numbers
 */
function fromHalves(halves) {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  // Not by entries(), whose bigrams are garbage: to collect it is a good part of a page's start.
  for (let index = 0; index < halves.length; index += 1) {
    const half = halves[index];
    const magnitude = half & 0x7fff;
    // Below the smallest normal number the fraction stands alone; above it the exponent's bias is another.
    if (magnitude < 0x400) values[index] = magnitude * 2 ** -24;
    else bits[index] = (magnitude << 13) + (magnitude < 0x7c00 ? 0x38000000 : 0x70000000);
    bits[index] |= (half & 0x8000) << 16;
  }
  return values;
}
