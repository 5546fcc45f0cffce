import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What the native part of `@moq/web-transport` 0.1.4 gives, as far as it is used. Its own wrapper is TypeScript, which Node does not load from a package. */
export interface NativeWebTransport {
  readonly NapiServer: {
    /** @throws Error if the address is taken */
    bind(address: string, certificatePem: Buffer, keyPem: Buffer): NativeServer;
  };
  readonly NapiClient: {
    withCertificateHashes(hashes: Buffer[]): NativeClient;
  };
}

export interface NativeServer {
  /** Null once the server is closed. */
  accept(): Promise<NativeRequest | null>;
  close(): void;
}

export interface NativeClient {
  connect(url: string, options?: { protocols?: string[] }): Promise<NativeSession>;
}

export interface NativeRequest {
  readonly url: Promise<string>;
  ok(): Promise<NativeSession>;
  reject(status: number): Promise<void>;
}

export interface NativeSession {
  readonly protocol: string | null;
  acceptUni(): Promise<NativeReceiveStream>;
  acceptBi(): Promise<NativeBidirectionalStream>;
  openUni(): Promise<NativeSendStream>;
  openBi(): Promise<NativeBidirectionalStream>;
  close(code: number, reason: string): void;
  closed(): Promise<{ closeCode: number; reason: string }>;
}

export interface NativeBidirectionalStream {
  takeSend(): NativeSendStream;
  takeRecv(): NativeReceiveStream;
}

export interface NativeReceiveStream {
  /** Null at the end. */
  read(maxBytes: number): Promise<Buffer | null>;
  stop(code: number): Promise<void>;
}

export interface NativeSendStream {
  write(bytes: Buffer): Promise<void>;
  finish(): Promise<void>;
  reset(code: number): Promise<void>;
}

const PACKAGE = "@moq/web-transport";

/**
 * The native module, or in a sentence why it is not there. The environment's `EDDY_WEB_TRANSPORT` may name another build of its
 * `.node` file; the variable that its own loader reads would reach every native module of the process.
 */
export function loadWebTransport(): NativeWebTransport | string {
  // From where the program runs too: `npx eddy-hls` may have its own place, and the package be the site's.
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    const require = createRequire(from);
    let folder: string;
    try {
      folder = dirname(dirname(require.resolve(PACKAGE)));
    } catch {
      continue;
    }
    try {
      return require(process.env.EDDY_WEB_TRANSPORT ?? join(folder, "napi.cjs")) as NativeWebTransport;
    } catch (error) {
      return `${PACKAGE} does not load on this machine: ${reasons(error)}`;
    }
  }
  return `${PACKAGE} is not installed: npm install ${PACKAGE}@0.1.4`;
}

/** The loader's message names no reason; what it tried is in a chain of causes. */
function reasons(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error && texts.length < 16; cause = cause.cause) {
    texts.unshift(cause.message.split("\n", 1)[0] ?? "");
  }
  return texts.find((text) => !text.startsWith("Cannot find module")) ?? texts[0] ?? String(error);
}
