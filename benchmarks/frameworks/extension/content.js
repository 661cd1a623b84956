/** In a page that is somebody else's: asks the background, and the module that the extension lets the page see. */

const TEXT = "To be, or not to be";

(async () => {
  const { results: background, failed } = await chrome.runtime.sendMessage(TEXT);
  const { load } = await import(chrome.runtime.getURL("node_modules/byline/index.js"));
  const content = (await load())(TEXT);
  const frame = document.createElement("iframe");
  addEventListener("message", ({ data }) => {
    const answers = { background: background ?? failed, content, page: data };
    document.documentElement.dataset.answers = JSON.stringify(answers);
  });
  frame.src = chrome.runtime.getURL("page.html");
  document.body.append(frame);
})();
