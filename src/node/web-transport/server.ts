import { isIPv6 } from "node:net";
import { loadWebTransport, type NativeRequest, type NativeServer, type NativeWebTransport } from "./native.ts";
import { type SelfSignedCertificate, selfSignedCertificate } from "./self-signed-certificate.ts";
import { Transport } from "./transport.ts";

interface WebTransportServerOptions {
  /** An address, not a name. */
  readonly host: string;
  readonly port: number;
  /** An HTTP status refuses the session. */
  readonly refuse: (url: URL) => number | undefined;
  /** Must not throw. */
  readonly onSession: (transport: Transport, url: URL) => void;
}

/** WebTransport on a UDP port, with a certificate of its own that is made at the start. */
export class WebTransportServer {
  readonly certificate: SelfSignedCertificate;
  readonly #options: WebTransportServerOptions;
  readonly #native: NativeWebTransport;
  readonly #server: NativeServer;
  #closing = false;
  #accepting: Promise<void>;

  private constructor(native: NativeWebTransport, options: WebTransportServerOptions) {
    const { host, port } = options;
    this.#native = native;
    this.#options = options;
    this.certificate = selfSignedCertificate({ names: [...new Set(["localhost", "127.0.0.1", "::1", host])] });
    const { certificatePem, keyPem } = this.certificate;
    this.#server = native.NapiServer.bind(addressOf(host, port), Buffer.from(certificatePem), Buffer.from(keyPem));
    this.#accepting = this.#accept();
  }

  /** The server, or in a sentence why there is none. */
  static listen(options: WebTransportServerOptions): WebTransportServer | string {
    const native = loadWebTransport();
    if (typeof native === "string") return native;
    try {
      return new WebTransportServer(native, options);
    } catch (error) {
      return `could not listen on UDP ${addressOf(options.host, options.port)}: ${messageOf(error)}`;
    }
  }

  /** Takes no more sessions; those that are open are their owner's. The port is free when the process ends. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    // The native close() waits for a pending accept() and blocks the thread: one last visitor ends it first.
    const { host, port } = this.#options;
    const visitor = this.#native.NapiClient.withCertificateHashes([Buffer.from(this.certificate.hash, "hex")]);
    const local = isIPv6(host) ? "::1" : "127.0.0.1";
    const to = host === "::" || host === "0.0.0.0" ? local : host;
    await visitor.connect(`https://${addressOf(to, port)}/`).catch(() => undefined); // it is refused
    await this.#accepting;
    this.#server.close();
  }

  async #accept(): Promise<void> {
    while (!this.#closing) {
      const request = await this.#server.accept().catch(() => null);
      if (request === null) return;
      void this.#answer(request).catch(() => undefined); // it left before it was in
    }
  }

  async #answer(request: NativeRequest): Promise<void> {
    const url = new URL(await request.url);
    const refusal = this.#closing ? 503 : this.#options.refuse(url);
    if (refusal !== undefined) await request.reject(refusal);
    else this.#options.onSession(new Transport(await request.ok()), url);
  }
}

const addressOf = (host: string, port: number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;
const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
