/**
 * The same as the package's own module, with the model imported at once and no `import()`: for the service workers of
 * extensions and pages, and for React Native.
 */

export * from "./index.js";
