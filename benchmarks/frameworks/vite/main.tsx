import { load, type Result } from "byline";
import type { ClassifyEvent } from "byline/phrase-classifier";
import "byline/phrase-classifier";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const TEXT = "To be, or not to be";

function App() {
  const [element, setElement] = useState<Result[]>([]);
  const [module, setModule] = useState<Result[]>([]);
  const [form, setForm] = useState<string>();
  useEffect(() => {
    load().then((classify) => setModule(classify(TEXT)));
    setForm(String(new FormData(document.forms[0]).get("phrase")));
  }, []);
  useEffect(() => {
    if (module.length > 0 && element.length > 0 && form === TEXT)
      document.documentElement.dataset.answers = JSON.stringify({ module, element });
  }, [module, element, form]);
  const hear = (event: ClassifyEvent) => setElement(event.detail);
  return (
    <form>
      <phrase-classifier className="card" name="phrase" text={TEXT} onclassify={hear} />
    </form>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
