/** What a table keeps. */
type Numbered = { readonly id: number };

const leastSlots = 16;

/**
 * Streams under way by their number. A `Map` makes itself anew every few additions and removals, and what it was before
 * keeps what it held and points to what it is now: once one such table is old to V8's collector, every later one and every
 * request in it lives until a full collection. Here a stream leaves nothing behind. Numbers follow each other, so a
 * number's place is nearly always free or its own.
 */
export class StreamTable<S extends Numbered> {
  #slots: (S | undefined)[] = new Array(leastSlots).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): S | undefined {
    return this.#slots[this.#slotOf(id)];
  }

  /** Adds a stream whose number is not there yet. */
  add(stream: S): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    this.#slots[this.#slotOf(stream.id)] = stream;
    this.#size++;
  }

  delete(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#slotOf(id);
    if (slots[hole] === undefined) return;
    this.#size--;
    // Those behind that could not have their own place move up, so that a search never stops short of them.
    for (let next = (hole + 1) & mask; slots[next] !== undefined; next = (next + 1) & mask) {
      const home = homeOf(slots[next]!.id, mask);
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      slots[hole] = slots[next];
      hole = next;
    }
    slots[hole] = undefined;
  }

  /** Those there are now: others may come and go while they are gone through. */
  all(): S[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** Where a number is, or the free place it would take. */
  #slotOf(id: number): number {
    const mask = this.#slots.length - 1;
    let slot = homeOf(id, mask);
    for (let found = this.#slots[slot]; found !== undefined && found.id !== id; found = this.#slots[slot])
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const streams = this.all();
    this.#slots = new Array(this.#slots.length * 2).fill(undefined);
    for (const stream of streams) this.#slots[this.#slotOf(stream.id)] = stream;
  }
}

/** Both sides number their own by twos. */
const homeOf = (id: number, mask: number): number => (id >>> 1) & mask;
