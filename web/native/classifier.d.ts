/** A model that `react-native-fast-tflite`, version 3, has loaded. */
export interface TfliteModel {
  inputs: { name: string }[];
  runSync(inputs: ArrayBuffer[]): ArrayBuffer[];
}

/**
 * Makes a classifier of the `.tflite` file and `vocabulary.json` of one export.
 *
 * @param threshold Below it an answer is "not sure"; the export's.
 */
export function createTextClassifier(model: TfliteModel, vocabulary: object, threshold?: number): Classifier;
