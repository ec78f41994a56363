// @ts-check
/** A proxy that makes a server known below a path that is not the root. */
import { createServer, request } from "node:http";

/** A proxy that passes all below /office/wavekeep/ to a Unix socket, path included. @param {string} socketPath @returns {Promise<{ port: number, foreign: string[], end: () => void }>} */
export async function proxy(socketPath) {
  /** @type {string[]} */
  const foreign = [];
  const server = createServer((from, to) => {
    if (!from.url?.startsWith("/office/wavekeep/")) {
      // Browsers ask for it by themselves.
      if (from.url !== "/favicon.ico") foreign.push(String(from.url));
      to.writeHead(404).end();
      return;
    }
    const headers = { ...from.headers, "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "http" };
    const passed = request({ socketPath, path: from.url, method: from.method, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    passed.on("error", () => to.destroy());
    to.on("close", () => passed.destroy());
    from.pipe(passed);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(null)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return { port: address.port, foreign, end: () => { server.close(); server.closeAllConnections(); } };
}
