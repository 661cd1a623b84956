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
import { identityConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Identity";
import { logicalAndConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/LogicalAnd";
import { multiplyConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Multiply";
import { notEqualConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/NotEqual";
import { reluConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Relu";
import { reshapeConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Reshape";
import { sigmoidConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Sigmoid";
import { softmaxConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Softmax";
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
  Cast: castConfig,
  ConcatV2: concatConfig,
  Equal: equalConfig,
  ExpandDims: expandDimsConfig,
  FloorDiv: floorDivConfig,
  GatherV2: gatherV2Config,
  Identity: identityConfig,
  LogicalAnd: logicalAndConfig,
  MatMul: batchMatMulConfig,
  Mul: multiplyConfig,
  NotEqual: notEqualConfig,
  Relu: reluConfig,
  Reshape: reshapeConfig,
  Sigmoid: sigmoidConfig,
  Softmax: softmaxConfig,
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
