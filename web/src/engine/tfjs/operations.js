/**
 * The operations of all graphs that `export/graph/` makes, by their names in `model.json`. Each backend has a kernel
 * for each of them, and `build.mjs` refuses a graph that has another.
 */

export const OPERATIONS = /** @type {const} */ ([
  "AddV2",
  "BatchMatMulV2",
  "Cast",
  "ConcatV2",
  "Equal",
  "ExpandDims",
  "FloorDiv",
  "GatherV2",
  "GreaterEqual",
  "Identity",
  "LogicalAnd",
  "MatMul",
  "Max",
  "Maximum",
  "Minimum",
  "Mul",
  "NotEqual",
  "OneHot",
  "Pack",
  "RealDiv",
  "Relu",
  "Reshape",
  "ReverseV2",
  "Rsqrt",
  "Sigmoid",
  "Softmax",
  "Split",
  "Sqrt",
  "Squeeze",
  "StridedSlice",
  "Sub",
  "Sum",
  "Tanh",
  "Transpose",
  "Unpack",
  "ZerosLike",
  "_FusedMatMul",
]);

/** What the executor does without a kernel. */
export const NO_KERNEL = ["Const", "Placeholder"];

/** @typedef {Record<(typeof OPERATIONS)[number], import("@tensorflow/tfjs-core").KernelConfig>} Kernels */

/**
 * @param {{node: {op: string}[]}} graph of a `model.json`
 * @returns {string[]} its operations that are not among them
 */
export function missing({ node }) {
  const known = new Set([...OPERATIONS, ...NO_KERNEL]);
  return Array.from(new Set(node.map(({ op }) => op))).filter((op) => !known.has(op));
}
