// What failed, in a few lines each, so that the end of a long log names it.
import { relative } from "node:path";

/**
 * @typedef {{ name: string, error: readonly string[] }} FailedTest
 * @typedef {{ testResults?: { name: string, status: string, message?: string, assertionResults: { status: string, fullName: string, failureMessages?: string[] }[] }[] }} VitestReport
 * @typedef {{ message?: string, stack?: string }} PlaywrightError
 * @typedef {{ title: string, file: string, line: number, tests: { status: string, results: { error?: PlaywrightError }[] }[] }} PlaywrightSpec
 * @typedef {{ suites?: PlaywrightSuite[], specs?: PlaywrightSpec[] }} PlaywrightSuite
 * @typedef {{ suites?: PlaywrightSuite[], errors?: PlaywrightError[] }} PlaywrightReport
 * @typedef {{ faults?: Record<string, number> }} SoakReport
 */

/** As many as a failed property needs for its seed and its counterexample. */
const MAX_LINES = 5;
const MAX_LINE_LENGTH = 400;

/** @param {string | undefined} message */
function firstLines(message) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  const lines = (message ?? "it does not say why").replaceAll(/\u001b\[[\d;]*m/g, "").split("\n");
  const stackAt = lines.findIndex((line) => /^\s+at /.test(line));
  return lines
    .slice(0, stackAt < 0 ? undefined : stackAt)
    .filter((line) => line.trim() !== "")
    .slice(0, MAX_LINES)
    .map((line) => line.trimEnd().slice(0, MAX_LINE_LENGTH));
}

/** @type {(report: VitestReport | undefined) => FailedTest[]} */
export function failedUnits(report) {
  return (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    // A file that could not be loaded has no tests that could fail.
    if (failed.length === 0 && status === "failed") return [{ name: file, error: firstLines(message) }];
    return failed.map((test) => ({
      name: `${file} › ${test.fullName}`,
      error: firstLines(test.failureMessages?.[0]),
    }));
  });
}

/** @type {(suite: PlaywrightSuite) => PlaywrightSpec[]} */
const specsOf = ({ specs = [], suites = [] }) => [...specs, ...suites.flatMap(specsOf)];

/** @type {(report: PlaywrightReport | undefined) => FailedTest[]} */
export function failedE2e(report) {
  const failed = (report?.suites ?? []).flatMap(specsOf).flatMap(({ title, file, line, tests }) =>
    tests
      .filter(({ status }) => status === "unexpected" || status === "flaky")
      .map(({ results }) => ({
        name: `e2e/${file}:${line} › ${title}`,
        error: firstLines(results.find(({ error }) => error !== undefined)?.error?.message),
      })),
  );
  const broken = (report?.errors ?? []).map(({ message, stack }) => ({
    name: "outside of any test",
    error: firstLines(message ?? stack),
  }));
  return [...failed, ...broken];
}

/** Of a soak that came to no report, the end of its log. @type {(report: SoakReport | undefined, log: string) => FailedTest[]} */
export function failedSoak(report, log) {
  if (report === undefined) return [{ name: "soak", error: firstLines(log.split("\n").slice(-MAX_LINES).join("\n")) }];
  return Object.entries(report.faults ?? {}).map(([fault, times]) => ({
    name: `soak, ${times} times`,
    error: firstLines(fault),
  }));
}
