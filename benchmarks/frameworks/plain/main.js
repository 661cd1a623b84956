import { load } from "./node_modules/byline/index.js";
import "./node_modules/byline/phrase-classifier.js";

const TEXT = "To be, or not to be";
const classify = await load();
const element = document.createElement("phrase-classifier");
element.addEventListener("classify", ({ detail }) => {
  if (detail.length > 0)
    document.documentElement.dataset.answers = JSON.stringify({ module: classify(TEXT), element: detail });
});
document.body.append(element);
element.value = TEXT;
