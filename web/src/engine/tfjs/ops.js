/**
 * What TF.js' graph executor calls, of all operations that its core has: `build.mjs` puts this list in the place of the
 * core's own, as TF.js' custom bundles do.
 */

import { matMul } from "@tensorflow/tfjs-core/dist/ops/fused/mat_mul";

export {
  add,
  cast,
  concat,
  equal,
  expandDims,
  floorDiv,
  gather,
  logicalAnd,
  matMul,
  mul,
  notEqual,
  relu,
  reshape,
  sigmoid,
  softmax,
  stridedSlice,
  sub,
  sum,
  tanh,
  transpose,
  unstack,
  zerosLike,
} from "@tensorflow/tfjs-core/dist/ops/ops";

export const fused = { matMul };
