import { load } from "byline";
import "byline/phrase-classifier";

const TEXT = "To be, or not to be";
const classify = await load();
const element = document.createElement("phrase-classifier");
element.addEventListener("classify", ({ detail }) => {
  if (detail.length > 0)
    document.documentElement.dataset.answers = JSON.stringify({ module: classify(TEXT), element: detail });
});
document.body.append(element);
element.value = TEXT;
