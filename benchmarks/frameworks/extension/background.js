import { load } from "./node_modules/byline/static.js";

chrome.runtime.onMessage.addListener((text, _, answer) => {
  load().then(
    (classify) => answer({ results: classify(text) }),
    (error) => answer({ failed: String(error) }),
  );
  return true; // the answer comes later
});
