/**
 * What TF.js' graph executor calls, of all operations that its core has: `build.mjs` puts this list in the place of the
 * core's own, as TF.js' custom bundles do.
 */

import { matMul } from "@tensorflow/tfjs-core/dist/ops/fused/mat_mul";

export {
  add,
  cast,
  concat,
  div,
  equal,
  expandDims,
  floorDiv,
  gather,
  greaterEqual,
  logicalAnd,
  matMul,
  max,
  maximum,
  minimum,
  mul,
  notEqual,
  oneHot,
  relu,
  reshape,
  reverse,
  rsqrt,
  sigmoid,
  softmax,
  split,
  sqrt,
  squeeze,
  stack,
  stridedSlice,
  sub,
  sum,
  tanh,
  transpose,
  unstack,
  zerosLike,
} from "@tensorflow/tfjs-core/dist/ops/ops";

export const fused = { matMul };
