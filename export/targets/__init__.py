"""What an export writes: TensorFlow.js, `.tflite` with its metadata, the page, the npm package."""
