// @ts-check
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  workers: 2,
  // Beside two other suites on two processors the longest take half a minute.
  timeout: 120_000,
  forbidOnly: true,
  reporter: "list",
  expect: { timeout: 20_000 },
  use: {
    viewport: { width: 1280, height: 860 },
    launchOptions: {
      executablePath: process.env["WAVEKEEP_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
      ],
    },
  },
});
