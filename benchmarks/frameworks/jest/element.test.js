/** @jest-environment jsdom */

require("byline/phrase-classifier");

const TEXT = "To be, or not to be";

test("the element answers", async () => {
  const element = document.createElement("phrase-classifier");
  const heard = new Promise((resolve) => element.addEventListener("classify", resolve, { once: true }));
  document.body.append(element);
  element.value = TEXT;
  const { detail } = await heard;
  process.stdout.write(`ANSWERS ${JSON.stringify({ element: detail })}\n`);
});
