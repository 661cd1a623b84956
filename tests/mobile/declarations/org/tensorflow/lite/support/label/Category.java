package org.tensorflow.lite.support.label;

public abstract class Category {
  public abstract String getLabel();
  public abstract float getScore();
}
