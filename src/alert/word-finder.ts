/**
 * Which of many words a text holds, found in one walk over the text (Aho and Corasick, 1975): its cost grows with the
 * text and with what is found, not with the number of words.
 * WHY flat arrays: an object for each node would take some ten times the memory.
 */
export class WordFinder {
  /** Each node but the root (0) stands for a beginning of a word: its last UTF-16 unit, and the node before. */
  private readonly unit: Uint16Array;
  private readonly parent: Int32Array;
  /** The node of the longest end of this one that some word begins with. */
  private readonly fallback: Int32Array;
  /** 1 + the index of the word that ends here; 0: none does. */
  private readonly word: Int32Array;
  /** The next node along the fallbacks at which a word ends; 0: there is none. */
  private readonly further: Int32Array;
  /** Nodes, hashed by parent and unit. */
  private readonly slots: Int32Array;
  private size = 1;

  /** @param words different from each other, none of them empty */
  constructor(private readonly words: readonly string[]) {
    const most = words.reduce((sum, word) => sum + word.length, 1);
    this.unit = new Uint16Array(most);
    this.parent = new Int32Array(most);
    this.fallback = new Int32Array(most);
    this.word = new Int32Array(most);
    this.further = new Int32Array(most);
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * most)));
    words.forEach((word, i) => this.add(word, i));
    this.link();
  }

  /** The words that the text holds. */
  in(text: string): Set<string> {
    const found = new Set<number>();
    for (let at = 0, node = 0; at < text.length; at++) {
      node = this.step(node, text.charCodeAt(at));
      for (let end = node; end; end = this.further[end] ?? 0) {
        const word = this.word[end];
        if (word) found.add(word - 1);
      }
    }
    return new Set([...found].map((i) => this.words[i] ?? ""));
  }

  private add(word: string, index: number): void {
    let node = 0;
    for (let at = 0; at < word.length; at++) {
      const unit = word.charCodeAt(at);
      const slot = this.slotOf(node, unit);
      if (!this.slots[slot]) {
        this.slots[slot] = this.size;
        this.unit[this.size] = unit;
        this.parent[this.size] = node;
        this.size++;
      }
      node = this.slots[slot] ?? 0;
    }
    this.word[node] = index + 1;
  }

  /** A node's fallback follows from that of the node before it, so the short ones come first. */
  private link(): void {
    const { parent, unit, fallback, word, further, size } = this;
    const depth = new Int32Array(size);
    for (let node = 1; node < size; node++) depth[node] = (depth[parent[node] ?? 0] ?? 0) + 1;
    const order = Uint32Array.from({ length: size - 1 }, (_, i) => i + 1);
    order.sort((a, b) => (depth[a] ?? 0) - (depth[b] ?? 0));
    for (const node of order) {
      const before = parent[node] ?? 0;
      const to = before ? this.step(fallback[before] ?? 0, unit[node] ?? 0) : 0;
      fallback[node] = to;
      further[node] = word[to] ? to : (further[to] ?? 0);
    }
  }

  private step(from: number, unit: number): number {
    for (let node = from; ; node = this.fallback[node] ?? 0) {
      const next = this.slots[this.slotOf(node, unit)] ?? 0;
      if (next || !node) return next;
    }
  }

  /** Where the child of a node by a unit is, or would be. */
  private slotOf(node: number, unit: number): number {
    const last = this.slots.length - 1;
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 0;
    for (slot = (slot ^ (slot >>> 15)) & last; ; slot = (slot + 1) & last) {
      const child = this.slots[slot];
      if (!child || (this.parent[child] === node && this.unit[child] === unit)) return slot;
    }
  }
}
