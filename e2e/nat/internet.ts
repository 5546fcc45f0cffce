import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptInstall, findOnPath } from "../../scripts/find-browser.mjs";

/**
 * What a home's router does. `cone`: Linux's masquerade, which keeps the port and lets nobody in who was not sent to (endpoint-independent
 * mapping, address and port-dependent filtering in the words of RFC 4787). `symmetric`: a port by chance for each destination.
 */
export type Nat = "cone" | "symmetric" | "no-udp";

/** One NAT, and one machine behind it. */
export interface Home {
  /** What the others see. */
  readonly address: string;
  /** What nobody is to see. */
  readonly localAddress: string;
  /** Starts a browser in it, in the place of the browser itself. */
  readonly browserPath: string;
  /** Bytes that its router passed on, both ways. */
  passed(): { readonly toHomes: number; readonly toTurn: number };
  /** Its provider gives it another address: what its router knew of connections is gone. */
  renumber(): void;
  /** Once the browser in it is closed. */
  close(): void;
}

export interface Internet {
  /** Where STUN and TURN are. */
  readonly turnAddress: string;
  readonly turnUser: { readonly username: string; readonly credential: string };
  /** Where all that this process serves on its own loopback is, once its port is reachable. */
  readonly siteAddress: string;
  /** Lets the homes reach a port of this process. */
  reach(url: string): Promise<void>;
  home(nat: Nat, browser: string): Home;
  close(): Promise<void>;
}

/** Of every namespace and link: what an earlier run left behind is found by it. */
const PREFIX = "eddy-nat-";
const NET = `${PREFIX}net`;
/** TEST-NET-3 (RFC 5737): nobody's on the real internet. */
const SUBNET = "203.0.113";
const TURN = `${SUBNET}.1`;
const SITE = `${SUBNET}.2`;
const FIRST_HOME = 10;
const MOVED_HOME = 130;
const USER = { username: "eddy", credential: "nat" };
const TURN_START_MS = 10_000;
const TOOLS = { ip: "iproute2", nft: "nftables", turnserver: "coturn" };

const ip = (...args: readonly string[]): string => execFileSync("ip", args, { encoding: "utf8", stdio: "pipe" });
const inside = (space: string, ...command: readonly string[]): string => ip("netns", "exec", space, ...command);

/** Why this machine has no room for an internet; undefined where it has. */
export function whyNoInternet(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  for (const [tool, debian] of Object.entries(TOOLS)) {
    if (findOnPath([tool]) === undefined && !aptInstall(debian)) return `${tool} is not installed (Debian: ${debian})`;
  }
  try {
    removeAll();
    ip("netns", "add", NET);
    inside(NET, "nft", "add table ip probe; add chain ip probe nat { type nat hook postrouting priority 100; }");
    return undefined;
  } catch (thrown) {
    return `this kernel has no network namespaces with NAT: ${thrown instanceof Error ? thrown.message : thrown}`;
  } finally {
    removeAll();
  }
}

/** Ends what runs in the namespaces of this test, and deletes them: their links go with them. */
function removeAll(): void {
  const names = ip("netns", "list")
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "");
  for (const name of names) if (name.startsWith(PREFIX)) remove(name);
}

function remove(space: string): void {
  for (const pid of ip("netns", "pids", space).split("\n").filter(Boolean)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has just gone by itself.
    }
  }
  ip("netns", "delete", space);
}

/** A public network with a TURN server, and this process at an address of it. Its namespaces are the only ones of their kind. */
export async function openInternet(): Promise<Internet> {
  removeAll();
  // A run that is broken off ends no test; one that is killed leaves it to the next one.
  process.once("exit", removeAll);
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  const servers: Server[] = [];
  let homes = 0;
  ip("netns", "add", NET);
  // Two that use one TURN server meet inside of it.
  ip("-n", NET, "link", "set", "lo", "up");
  // The bridge is the internet: all that is public hangs on it, without a route to anywhere else.
  ip("-n", NET, "link", "add", "net", "type", "bridge");
  ip("-n", NET, "address", "add", `${TURN}/24`, "dev", "net");
  ip("-n", NET, "link", "set", "net", "up");
  ip("link", "add", `${PREFIX}site`, "type", "veth", "peer", "name", "site", "netns", NET);
  plug("site");
  ip("address", "add", `${SITE}/24`, "dev", `${PREFIX}site`);
  ip("link", "set", `${PREFIX}site`, "up");
  const turn = await startTurn(folder).catch((thrown: unknown) => {
    removeAll();
    throw thrown;
  });
  return {
    turnAddress: TURN,
    turnUser: USER,
    siteAddress: SITE,
    async reach(url) {
      const port = Number(new URL(url).port);
      const server = createServer((outer) => {
        const inner = connect({ port, host: "localhost", noDelay: true });
        outer.setNoDelay(true).on("error", () => inner.destroy());
        inner.on("error", () => outer.destroy());
        outer.pipe(inner).pipe(outer);
      });
      servers.push(server.listen(port, SITE));
      await once(server, "listening");
    },
    home(nat, browser) {
      homes += 1;
      return openHome({ nat, browser, folder, number: homes });
    },
    async close() {
      for (const server of servers) server.close();
      turn.kill("SIGKILL");
      removeAll();
      process.off("exit", removeAll);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function plug(link: string): void {
  ip("-n", NET, "link", "set", link, "master", "net");
  ip("-n", NET, "link", "set", link, "up");
}

async function startTurn(folder: string): Promise<ChildProcess> {
  const { username, credential } = USER;
  const addresses = [`--listening-ip=${TURN}`, `--relay-ip=${TURN}`, `--realm=${PREFIX}`];
  const files = [`--db=${join(folder, "turn.db")}`, `--pidfile=${join(folder, "turn.pid")}`, "--log-file=stdout"];
  const rest = ["-n", "--lt-cred-mech", `--user=${username}:${credential}`, "--no-cli", "--no-tls", "--no-dtls"];
  const args = ["netns", "exec", NET, "turnserver", ...addresses, ...files, ...rest];
  const turn = spawn("ip", args, { stdio: ["ignore", "pipe", "ignore"] });
  let log = "";
  turn.stdout?.on("data", (text: Buffer) => {
    log = `${log}${text}`.slice(-4096);
  });
  for (const endMs = Date.now() + TURN_START_MS; !listens(); ) {
    if (turn.exitCode !== null || Date.now() > endMs) throw new Error(`the TURN server does not listen: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return turn;
}

/** Over UDP and over TCP. */
function listens(): boolean {
  const sockets = inside(NET, "ss", "-Hltun", "sport = :3478");
  return ["udp", "tcp"].every((kind) => sockets.includes(kind));
}

interface HomeOptions {
  readonly nat: Nat;
  readonly browser: string;
  readonly folder: string;
  readonly number: number;
}

function openHome({ nat, browser, folder, number }: HomeOptions): Home {
  const router = `${PREFIX}router${number}`;
  const room = `${PREFIX}room${number}`;
  const address = `${SUBNET}.${FIRST_HOME + number}`;
  const lan = `192.168.${number}`;
  for (const space of [router, room]) {
    ip("netns", "add", space);
    // Its own address comes a second after the link, and a browser breaks off what it is loading when addresses change.
    inside(
      space,
      "sysctl",
      "-q",
      "-e",
      "-w",
      "net.ipv6.conf.all.disable_ipv6=1",
      "net.ipv6.conf.default.disable_ipv6=1",
    );
    ip("-n", space, "link", "set", "lo", "up");
  }
  ip("-n", router, "link", "add", "wan", "type", "veth", "peer", "name", `home${number}`, "netns", NET);
  plug(`home${number}`);
  ip("-n", router, "link", "add", "lan", "type", "veth", "peer", "name", "eth0", "netns", room);
  ip("-n", router, "address", "add", `${address}/24`, "dev", "wan");
  ip("-n", router, "address", "add", `${lan}.1/24`, "dev", "lan");
  ip("-n", room, "address", "add", `${lan}.2/24`, "dev", "eth0");
  for (const link of ["wan", "lan"]) ip("-n", router, "link", "set", link, "up");
  ip("-n", room, "link", "set", "eth0", "up");
  ip("-n", room, "route", "add", "default", "via", `${lan}.1`);
  inside(router, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
  inside(router, "nft", rulesOf(nat));
  const browserPath = join(folder, `browser${number}`);
  writeFileSync(browserPath, `#!/bin/sh\nexec ip netns exec ${room} "${browser}" "$@"\n`);
  chmodSync(browserPath, 0o755);
  const bytes = (counter: string): number =>
    Number(/bytes (\d+)/.exec(inside(router, "nft", `list counter ip home ${counter}`))?.[1]);
  let last = address;
  return {
    address,
    localAddress: `${lan}.2`,
    browserPath,
    passed: () => ({ toHomes: bytes("homes"), toTurn: bytes("turn") }),
    renumber() {
      ip("-n", router, "address", "delete", `${last}/24`, "dev", "wan");
      last = `${SUBNET}.${MOVED_HOME + number}`;
      ip("-n", router, "address", "add", `${last}/24`, "dev", "wan");
    },
    close() {
      for (const space of [room, router]) remove(space);
    },
  };
}

/**
 * What comes from outside and belongs to nothing is dropped, as home routers do. Were it taken in, the kernel would remember it as a
 * connection to the router itself, and give the way that is opened from inside a moment later another port.
 */
function rulesOf(nat: Nat): string {
  const homes = `${SUBNET}.${FIRST_HOME}-${SUBNET}.254`;
  return `
    table ip home {
      counter homes {}
      counter turn {}
      chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
      }
      chain forward {
        type filter hook forward priority filter; policy drop;
        ${nat === "no-udp" ? "meta l4proto udp drop" : ""}
        ip daddr ${homes} counter name homes
        ip saddr ${homes} counter name homes
        ip daddr ${TURN} counter name turn
        ip saddr ${TURN} counter name turn
        ct state established,related accept
        iifname "lan" accept
      }
      chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "wan" masquerade ${nat === "symmetric" ? "random,fully-random" : ""}
      }
    }`;
}
