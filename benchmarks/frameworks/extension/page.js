const element = document.createElement("phrase-classifier");
element.addEventListener("classify", ({ detail }) => {
  if (detail.length > 0) parent.postMessage(detail, "*");
});
document.body.append(element);
element.value = "To be, or not to be";
