/** TF.js' WASM backend, with the kernels of Byline's graphs alone. */

import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import { _fusedMatMulConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/_FusedMatMul";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add";
import { batchMatMulConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/BatchMatMul";
import { castConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Cast";
import { concatConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Concat";
import { equalConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Equal";
import { expandDimsConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/ExpandDims";
import { floorDivConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FloorDiv";
import { gatherV2Config } from "@tensorflow/tfjs-backend-wasm/dist/kernels/GatherV2";
import { greaterEqualConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/GreaterEqual";
import { identityConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Identity";
import { logicalAndConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/LogicalAnd";
import { maxConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Max";
import { maximumConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Maximum";
import { minimumConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Minimum";
import { multiplyConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Multiply";
import { notEqualConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/NotEqual";
import { oneHotConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/OneHot";
import { packConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Pack";
import { realDivConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/RealDiv";
import { reluConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Relu";
import { reshapeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reshape";
import { reverseConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reverse";
import { rsqrtConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Rsqrt";
import { sigmoidConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sigmoid";
import { softmaxConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Softmax";
import { splitVConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/SplitV";
import { sqrtConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sqrt";
import { stridedSliceConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/StridedSlice";
import { subConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sub";
import { sumConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sum";
import { tanhConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Tanh";
import { transposeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Transpose";
import { unpackConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Unpack";
import { zerosLikeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/ZerosLike";
import { registerBackend, registerKernel } from "@tensorflow/tfjs-core";
import { start } from "./program.js";

/** @type {import("./operations.js").Kernels} */
const KERNELS = {
  AddV2: addConfig,
  BatchMatMulV2: batchMatMulConfig,
  Cast: castConfig,
  ConcatV2: concatConfig,
  Equal: equalConfig,
  ExpandDims: expandDimsConfig,
  FloorDiv: floorDivConfig,
  GatherV2: gatherV2Config,
  GreaterEqual: greaterEqualConfig,
  Identity: identityConfig,
  LogicalAnd: logicalAndConfig,
  MatMul: batchMatMulConfig,
  Max: maxConfig,
  Maximum: maximumConfig,
  Minimum: minimumConfig,
  Mul: multiplyConfig,
  NotEqual: notEqualConfig,
  OneHot: oneHotConfig,
  Pack: packConfig,
  RealDiv: realDivConfig,
  Relu: reluConfig,
  Reshape: reshapeConfig,
  ReverseV2: reverseConfig,
  Rsqrt: rsqrtConfig,
  Sigmoid: sigmoidConfig,
  Softmax: softmaxConfig,
  Split: splitVConfig,
  Sqrt: sqrtConfig,
  Squeeze: reshapeConfig,
  StridedSlice: stridedSliceConfig,
  Sub: subConfig,
  Sum: sumConfig,
  Tanh: tanhConfig,
  Transpose: transposeConfig,
  Unpack: unpackConfig,
  ZerosLike: zerosLikeConfig,
  _FusedMatMul: _fusedMatMulConfig,
};

/**
 * @param {ArrayBuffer} program `engine.wasm`. TF.js would fetch it by an address of its own, which a single file has not.
 * @returns {string} the backend's name
 */
export function registerWasm(program) {
  for (const kernel of Object.values(KERNELS)) registerKernel(kernel);
  registerBackend("wasm", async () => new BackendWasm(await start(program)));
  return "wasm";
}
