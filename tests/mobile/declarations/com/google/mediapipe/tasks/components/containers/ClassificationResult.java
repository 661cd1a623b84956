package com.google.mediapipe.tasks.components.containers;

import java.util.List;

public abstract class ClassificationResult {
  public abstract List<Classifications> classifications();
}
