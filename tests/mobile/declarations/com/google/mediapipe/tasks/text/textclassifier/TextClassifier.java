package com.google.mediapipe.tasks.text.textclassifier;

import android.content.Context;

public final class TextClassifier implements AutoCloseable {
  public static native TextClassifier createFromFile(Context context, String path);
  public native TextClassifierResult classify(String text);
  @Override public native void close();
}
