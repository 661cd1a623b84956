package com.google.mediapipe.tasks.components.containers;

import java.util.List;

public abstract class Classifications {
  public abstract List<Category> categories();
}
