package org.tensorflow.lite.task.text.nlclassifier;

import android.content.Context;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.tensorflow.lite.support.label.Category;

public abstract class BertNLClassifier implements Closeable {
  public static native BertNLClassifier createFromFile(Context context, String path) throws IOException;
  public abstract List<Category> classify(String text);
  @Override public abstract void close();
}
