/**
 * TF.js' core without optimizers: `build.mjs` puts it in the place of the package's entry, as TF.js' custom bundles do.
 */

import "@tensorflow/tfjs-core/dist/base_side_effects";

export * from "@tensorflow/tfjs-core/dist/base";
