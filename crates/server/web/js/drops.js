// @ts-check
/** Files and folders that are dropped anywhere on the page are imported. */

import { h } from "./dom.js";
import { complain } from "./say.js";

/** Files that are dropped on any part of the page. */
export function acceptDrops() {
  const cover = h("div", { class: "drop-cover", hidden: true }, h("p", null, "Drop event files and their reports here"));
  document.body.append(cover);
  let depth = 0;
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; cover.hidden = false; } });
  addEventListener("dragleave", (event) => { if (hasFiles(event) && (depth -= 1) <= 0) cover.hidden = true; });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    cover.hidden = true;
    const found = filesOf(/** @type {DataTransfer} */ (event.dataTransfer));
    void Promise.all([found, import("./import.js")]).then(([files, { importFiles }]) => importFiles(files)).catch(complain);
  });
}

/** Folders are searched. @param {DataTransfer} transfer */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => !entry?.isDirectory)) return [...transfer.files];
  /** @type {File[]} */
  const found = [];
  /** @param {any} entry @returns {Promise<void>} */
  const walk = async (entry) => {
    if (!entry) return;
    if (entry.isFile) found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else {
      const reader = entry.createReader();
      for (;;) {
        /** @type {any[]} */
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        for (const child of some) await walk(child);
      }
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}
