// A list of any length: only the rows near the screen are in the page, fetched a block at a time.

const list = document.querySelector(".window");
const count = () => Number(document.getElementById("entry-count").dataset.total);

class Blocks {
  constructor(window_) {
    this.window = window_;
    this.size = Number(window_.dataset.page);
    this.blocks = new Map();
    this.asked = new Set();
    const first = window_.querySelector(".block");
    this.blocks.set(Number(first.dataset.offset) / this.size, first);
    window_.classList.add("is-long");
    document.querySelector(".pager").hidden = true;
  }

  get rowHeight() {
    return this.window.querySelector(".row").getBoundingClientRect().height;
  }

  layOut() {
    const height = this.rowHeight;
    this.window.style.height = `${count() * height}px`;
    for (const [number, block] of this.blocks) block.style.top = `${number * this.size * height}px`;
    const top = -this.window.getBoundingClientRect().top;
    const page = this.size * height;
    const last = Math.max(0, Math.ceil(count() / this.size) - 1);
    const from = Math.min(last, Math.max(0, Math.floor((top - innerHeight) / page)));
    const to = Math.min(last, Math.max(0, Math.floor((top + 2 * innerHeight) / page)));
    this.keepOnly(from, to);
    for (let number = from; number <= to; number++) this.want(number);
  }

  keepOnly(from, to) {
    for (const [number, block] of this.blocks) {
      const isNear = number >= from - 1 && number <= to + 1;
      if (isNear || this.blocks.size === 1 || block.contains(document.activeElement)) continue;
      block.remove();
      this.blocks.delete(number);
    }
  }

  want(number) {
    if (!this.blocks.has(number) && !this.asked.has(number)) this.ask(number);
  }

  async ask(number) {
    this.asked.add(number);
    try {
      const answer = await fetch(`${this.window.dataset.rows}&offset=${number * this.size}`);
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.put(number, document.adoptNode(page.querySelector(".block")));
    } finally {
      this.asked.delete(number);
    }
  }

  put(number, block) {
    this.blocks.get(number)?.remove();
    this.blocks.set(number, block);
    const after = [...this.blocks.keys()].filter((other) => other > number).sort((a, b) => a - b)[0];
    this.window.insertBefore(block, after === undefined ? null : this.blocks.get(after));
    this.layOut();
  }

  renew() {
    for (const [number, block] of this.blocks) if (!block.contains(document.activeElement)) this.ask(number);
    this.layOut();
  }
}

if (list) {
  const blocks = new Blocks(list);
  let isDue = false;
  const soon = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      blocks.layOut();
    });
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  document.addEventListener("langcache:refreshed", () => blocks.renew());
  blocks.layOut();
}
