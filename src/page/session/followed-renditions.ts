import type { StreamOptions } from "../../model/options.ts";

type Renditions = StreamOptions["renditions"];

/** Ids of the first variant, which is what its author wants a player to start with, and of what plays beside it. */
export function firstVariant(renditions: Renditions): readonly string[] {
  const isVariant = ({ kind = "variant" }: Renditions[number]): boolean => kind === "variant";
  const first = renditions.find(isVariant);
  return renditions.filter((one) => one === first || !isVariant(one)).map(({ id }) => id);
}

/** Indices of what is followed at a relay: what one viewer plays, or with peers what all of them do. */
export function followedRenditions(renditions: Renditions, isShared: boolean): readonly number[] {
  const ids = isShared ? renditions.map(({ id }) => id) : firstVariant(renditions);
  return renditions.flatMap(({ id }, index) => (ids.includes(id) ? [index] : []));
}
