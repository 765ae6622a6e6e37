// A site for tests: some files, and everything else from Usher, as behind a reverse proxy.

import { once } from "node:events";
import { createServer, request as ask } from "node:http";

const KINDS = { html: "text/html; charset=utf-8", js: "text/javascript" };

/**
 * `files` maps paths to texts. `usher` is where the rest comes from; without it, there is no rest. `delay` says how
 * many milliseconds an answer of this path is held back.
 */
export async function startSite({ files, usher, delay = () => 0, host = "127.0.0.1" }) {
  const asked = [];
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url, "http://site");
    if (pathname in files) {
      const kind = KINDS[pathname.split(".").at(-1)] ?? KINDS.html;
      outgoing.writeHead(200, { "content-type": kind }).end(files[pathname]);
      return;
    }
    asked.push(`${incoming.method} ${pathname}`);
    if (!usher) {
      outgoing.writeHead(404).end();
      return;
    }
    const { method, headers } = incoming;
    const onward = ask(usher + incoming.url, { method, headers }, (answer) => {
      setTimeout(() => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      }, delay(pathname));
    });
    onward.on("error", () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  }).listen(0, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${server.address().port}`,
    port: server.address().port,
    asked,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
