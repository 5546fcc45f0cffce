/** Who listens to which topic. Joining, leaving and picking a few at random cost the same however many listen. */
export class SignalTopics<Member> {
  readonly #topics = new Map<string, Topic<Member>>();

  get size(): number {
    return this.#topics.size;
  }

  members(name: string): number {
    return this.#topics.get(name)?.list.length ?? 0;
  }

  /**
   * `as` is what others find the member by; a name that is taken stays with who had it first, until that one leaves: who comes back may
   * wait behind a connection of its own that has not been found dead yet.
   */
  join(name: string, member: Member, as?: string): void {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { list: [], places: new Map(), named: new Map() };
      this.#topics.set(name, topic);
    }
    if (topic.places.has(member)) return;
    topic.places.set(member, { at: topic.list.length, as });
    topic.list.push(member);
    if (as === undefined) return;
    const named = topic.named.get(as);
    if (named === undefined) topic.named.set(as, new Set([member]));
    else named.add(member);
  }

  leave(name: string, member: Member): void {
    const topic = this.#topics.get(name);
    const place = topic?.places.get(member);
    if (topic === undefined || place === undefined) return;
    topic.places.delete(member);
    if (place.as !== undefined) {
      const named = topic.named.get(place.as);
      named?.delete(member);
      if (named?.size === 0) topic.named.delete(place.as);
    }
    const last = topic.list.pop() as Member;
    if (last !== member) {
      topic.list[place.at] = last;
      (topic.places.get(last) as Place).at = place.at;
    }
    if (topic.list.length === 0) this.#topics.delete(name);
  }

  /** Those members that are called so. */
  named(name: string, names: readonly string[]): readonly Member[] {
    const named = this.#topics.get(name)?.named;
    return [...new Set(names)].flatMap((one) => {
      for (const first of named?.get(one) ?? []) return [first];
      return [];
    });
  }

  /** All members but `except`, or `most` of them, each as likely as any other. */
  pick(name: string, { except, most, random }: Pick<Member>): readonly Member[] {
    const topic = this.#topics.get(name);
    if (topic === undefined) return [];
    const { list, places } = topic;
    // One more, since `except` may be among them. The order means nothing, so the list itself is shuffled, as far as needed.
    const count = Math.min(most + 1, list.length);
    for (let at = 0; at < count; at++) {
      const from = at + Math.floor(random() * (list.length - at));
      const [here, there] = [list[at] as Member, list[from] as Member];
      list[at] = there;
      list[from] = here;
      (places.get(there) as Place).at = at;
      (places.get(here) as Place).at = from;
    }
    return list
      .slice(0, count)
      .filter((member) => member !== except)
      .slice(0, most);
  }
}

interface Place {
  /** Index in the list. */
  at: number;
  readonly as: string | undefined;
}

interface Topic<Member> {
  readonly list: Member[];
  readonly places: Map<Member, Place>;
  /** In the order in which they came: the first is found. */
  readonly named: Map<string, Set<Member>>;
}

interface Pick<Member> {
  readonly except: Member;
  readonly most: number;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
}
