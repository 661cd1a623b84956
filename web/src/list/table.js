/** A whole list: a file is read on this device, each row is answered, and the answers can be corrected and kept as CSV. */

import { element, find, need } from "../shared/dom.js";
import { number, t } from "../shared/i18n.js";
import { ENCODINGS } from "./encoding.js";
import { readFile } from "./files.js";
import { bestOf, createRowsView } from "./rows-view.js";
import { textColumn, writeCsv } from "./sheet.js";

const LARGEST_MB = 100;

/** @type {import("./sheet.js").Sheet} */
const NOTHING = { header: [], named: false, rows: [] };

/**
 * @param {import("../page/client.js").Client} client
 * @param {import("../page/assets.js").Config} config
 */
export function createTable(client, { labels, name, examples }) {
  const section = find("table");
  if (!section) return;
  const input = /** @type {HTMLInputElement} */ (need("table-file"));
  const select = /** @type {HTMLSelectElement} */ (need("table-column"));
  const encodings = /** @type {HTMLSelectElement} */ (need("table-encoding"));
  const bar = /** @type {HTMLProgressElement} */ (need("table-progress"));
  const letters = [...labels, ...examples.map(({ text }) => text)].join("");
  /** @type {File | undefined} */
  let opened;
  /** @type {import("./sheet.js").Sheet} */
  let sheet = NOTHING;
  /** @type {import("../worker/jobs.js").Answer[]} */
  let answers = [];
  let running = new AbortController();
  let done = "";
  const view = createRowsView(labels, (count) => {
    become("done", count ? `${done} ${t("table_corrected", { count })}` : done);
  });

  /** @param {string} state @param {string} status */
  function become(state, status) {
    section?.setAttribute("data-state", state);
    need("table-status").textContent = status;
    bar.hidden = need("table-cancel").hidden = state !== "reading";
    need("table-download").hidden = state !== "done";
  }

  /** @param {string} complaint */
  function complain(complaint) {
    need("table-complaint").textContent = complaint;
    need("table-complaint").hidden = complaint === "";
    need("table-work").hidden = complaint !== "";
  }

  /**
   * @param {File} file
   * @param {string} [encoding] in place of what it looks like
   */
  async function open(file, encoding) {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    need("table-complaint").hidden = true;
    become("opening", "");
    const { complaint = "", found } = await contentOf(file, { encoding, letters });
    if (signal.aborted) return; // another file has been chosen since
    opened = file;
    sheet = found?.sheet ?? NOTHING;
    complain(complaint || (sheet.rows.length === 0 ? t("table_empty", { name: file.name }) : ""));
    if (complaint || sheet.rows.length === 0) return;
    select.replaceChildren(
      ...sheet.header.map(
        (title, column) =>
          new Option(
            sheet.named && title ? title : t("table_column", { number: column + 1 }),
            String(column),
          ),
      ),
    );
    select.value = String(textColumn(sheet));
    need("table-columns").hidden = sheet.header.length < 2;
    encodings.value = found?.encoding ?? "";
    need("table-encodings").hidden = !encoding && ["", "utf-8"].includes(encodings.value);
    await read();
  }

  async function read() {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    const texts = sheet.rows.map((row) => row[Number(select.value)] ?? "");
    const of = texts.length;
    const started = performance.now();
    need("table-scroll").hidden = true;
    become("reading", t("table_reading", { read: 0, of }));
    try {
      answers = await client.rows(texts, {
        signal,
        progress({ read }) {
          bar.value = read / of;
          need("table-status").textContent = t("table_reading", { read, of });
        },
      });
    } catch (error) {
      if (!signal.aborted) complain(String(error instanceof Error ? error.message : error));
      return;
    }
    const seconds = Math.max(0.1, Math.round((performance.now() - started) / 100) / 10);
    view.show(texts, answers);
    done = t("table_done", { count: of, seconds });
    become("done", done);
  }

  function download() {
    const header = sheet.header.length > 0 ? sheet.header : ["text"];
    const rows = sheet.rows.map((row, at) => {
      const { label, score, sure } = bestOf(answers[at]);
      const cells = header.map((_, column) => row[column] ?? "");
      return [
        ...cells,
        sure ? labels[label] : "",
        labels[label],
        score.toFixed(4),
        view.corrected(at),
        ...answers[at].probabilities.map((p) => p.toFixed(4)),
      ];
    });
    const titles = [
      ...header,
      "label",
      "nearest",
      "confidence",
      "corrected",
      ...labels.map((label) => `p(${label})`),
    ];
    const csv = writeCsv([titles, ...rows], sheet.delimiter ?? usualDelimiter());
    const link = element("a", "");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = t("kept_in", { name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file) open(file);
    input.value = ""; // so that the same file can be chosen again
  });
  select.addEventListener("change", read);
  encodings.append(...ENCODINGS.map((encoding) => new Option(encoding, encoding)));
  encodings.addEventListener("change", () => opened && open(opened, encodings.value));
  need("table-download").addEventListener("click", download);
  need("table-cancel").addEventListener("click", () => {
    running.abort();
    become("cancelled", t("table_cancelled", { count: Math.round(bar.value * sheet.rows.length) }));
  });
  acceptDrops(section, open);
}

/**
 * @param {File} file
 * @param {{encoding?: string, letters: string}} options
 * @returns {Promise<{found?: import("./files.js").Found, complaint?: string}>}
 */
async function contentOf(file, options) {
  const { name, size } = file;
  if (size > LARGEST_MB * 1e6) return { complaint: t("table_too_large", { name, limit: LARGEST_MB }) };
  try {
    const found = await readFile(new Uint8Array(await file.arrayBuffer()), name, options);
    return found ? { found } : { complaint: t("table_unreadable", { name }) };
  } catch {
    return { complaint: t("table_unreadable", { name }) };
  }
}

/** Where a comma is the decimal mark, spreadsheets separate values by semicolons. */
const usualDelimiter = () => (number(0.5).includes(",") ? ";" : ",");

/**
 * @param {HTMLElement} section
 * @param {(file: File) => void} open
 */
function acceptDrops(section, open) {
  /** @param {boolean} over */
  const mark = (over) => section.classList.toggle("dropping", over);
  section.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  section.addEventListener("dragleave", () => mark(false));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (file) open(file);
  });
}
