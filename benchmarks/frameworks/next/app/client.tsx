"use client";

import { load, type Result } from "byline";
import type { PhraseClassifier } from "byline/phrase-classifier";
import "byline/phrase-classifier"; // on the server, where this is rendered too, it does nothing
import { useEffect, useRef, useState } from "react";

const TEXT = "To be, or not to be";

export function Client({ server }: { server: Result[] }) {
  const [element, setElement] = useState<Result[]>([]);
  const [module, setModule] = useState<Result[]>([]);
  const field = useRef<PhraseClassifier>(null);
  useEffect(() => {
    setElement(field.current?.results ?? []); // it may have answered before React listened
    load().then((classify) => setModule(classify(TEXT)));
  }, []);
  useEffect(() => {
    if (module.length > 0 && element.length > 0)
      document.documentElement.dataset.answers = JSON.stringify({ server, module, element });
  }, [server, module, element]);
  return (
    <main>
      <pre id="server">{JSON.stringify(server)}</pre>
      <phrase-classifier ref={field} value={TEXT} onclassify={(event) => setElement(event.detail)} />
    </main>
  );
}
