import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** The relay for development in a process of its own, so that it can be killed without a word. */
export interface RelayProcess {
  /** The same after each start, but for the certificate. */
  readonly url: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface RelayProcessOptions {
  /** False: WebSocket alone, as where a network drops UDP. */
  readonly webTransport?: boolean;
}

const COMMAND = "dist/cli/eddy-hls.js";

export async function startRelayProcess({ webTransport = true }: RelayProcessOptions = {}): Promise<RelayProcess> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const dying = child;
    child = undefined;
    if (dying === undefined || dying.exitCode !== null) return;
    const gone = once(dying, "exit");
    dying.kill("SIGKILL");
    await gone;
  };
  const start = async (): Promise<void> => {
    const args = [COMMAND, "moq-relay", "--port", String(port), ...(webTransport ? [] : ["--websocket"])];
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    child = started;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      started.once("exit", (code) => reject(new Error(`the relay ended with ${code}: ${said}`)));
      started.stdout?.on("data", (text: Buffer) => {
        said += text;
        if (!/WebTransport with certificate|WebSocket alone/.test(said)) return;
        if (webTransport && !said.includes("WebTransport with certificate")) reject(new Error(said));
        else resolve();
      });
    });
  };
  await start();
  return { url: `http://127.0.0.1:${port}`, kill, start };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return address.port;
}
