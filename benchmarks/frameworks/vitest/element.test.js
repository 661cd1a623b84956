import { load } from "byline";
import "byline/phrase-classifier";
import { expect, test } from "vitest";

const TEXT = "To be, or not to be";

test("the module and the element answer", async () => {
  const element = document.createElement("phrase-classifier");
  const heard = new Promise((resolve) => element.addEventListener("classify", resolve, { once: true }));
  document.body.append(element);
  element.value = TEXT;
  const { detail } = await heard;
  const module = (await load())(TEXT);
  expect(element.shadowRoot.querySelectorAll("[part=label]").length).toBeGreaterThan(1);
  console.log(`ANSWERS ${JSON.stringify({ module, element: detail })}`);
});
