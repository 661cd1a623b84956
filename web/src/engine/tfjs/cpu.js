/** TF.js' CPU backend, with the kernels of Byline's graphs alone. */

import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu/dist/backend_cpu";
import { _fusedMatMulConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/_FusedMatMul";
import { addConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Add";
import { batchMatMulConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/BatchMatMul";
import { castConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Cast";
import { concatConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Concat";
import { equalConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Equal";
import { expandDimsConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/ExpandDims";
import { floorDivConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/FloorDiv";
import { gatherV2Config } from "@tensorflow/tfjs-backend-cpu/dist/kernels/GatherV2";
import { greaterEqualConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/GreaterEqual";
import { identityConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Identity";
import { logicalAndConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/LogicalAnd";
import { maxConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Max";
import { maximumConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Maximum";
import { minimumConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Minimum";
import { multiplyConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Multiply";
import { notEqualConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/NotEqual";
import { oneHotConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/OneHot";
import { packConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Pack";
import { realDivConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/RealDiv";
import { reluConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Relu";
import { reshapeConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Reshape";
import { reverseConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Reverse";
import { rsqrtConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Rsqrt";
import { sigmoidConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Sigmoid";
import { softmaxConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Softmax";
import { splitVConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/SplitV";
import { sqrtConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Sqrt";
import { stridedSliceConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/StridedSlice";
import { subConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Sub";
import { sumConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Sum";
import { tanhConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Tanh";
import { transposeConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Transpose";
import { unpackConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Unpack";
import { zerosLikeConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/ZerosLike";

import { registerBackend, registerKernel } from "@tensorflow/tfjs-core";

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

/** @returns {string} the backend's name */
export function registerCpu() {
  for (const kernel of Object.values(KERNELS)) registerKernel(kernel);
  registerBackend("cpu", () => new MathBackendCPU());
  return "cpu";
}
