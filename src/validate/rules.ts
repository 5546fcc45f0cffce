import { blockingRules } from "./blocking-rules.ts";
import { deltaRules } from "./delta-rules.ts";
import { headerRules } from "./header-rules.ts";
import { hintRules } from "./hint-rules.ts";
import { httpRules } from "./http-rules.ts";
import { partRules } from "./part-rules.ts";
import type { Rule } from "./rule.ts";
import { sequenceRules } from "./sequence-rules.ts";

/** What a conforming LL-HLS origin does, by number. */
export const RULES: readonly Rule[] = [
  ...headerRules,
  ...partRules,
  ...sequenceRules,
  ...hintRules,
  ...deltaRules,
  ...blockingRules,
  ...httpRules,
];
