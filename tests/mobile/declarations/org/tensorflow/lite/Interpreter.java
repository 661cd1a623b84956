package org.tensorflow.lite;

import java.nio.ByteBuffer;
import java.util.Map;

public class Interpreter implements AutoCloseable {
  public static class Options { public native Options setNumThreads(int count); }
  public Interpreter(ByteBuffer model, Options options) {}
  public native int getInputTensorCount();
  public native Tensor getOutputTensor(int index);
  public native void runForMultipleInputsOutputs(Object[] inputs, Map<Integer, Object> outputs);
  @Override public native void close();
}
