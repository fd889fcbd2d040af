// Moving a visit by hand: with a mouse at once, with a finger after a short press, so that a swipe still scrolls.

const STARTS_AFTER = 5; // pixels of a mouse
const PRESS = 350; // milliseconds of a finger
const TREMBLE = 10; // pixels a pressing finger may move
const EDGE = 44; // pixels from the edge of the calendar where it begins to scroll
const SPEED = 9; // pixels for each frame

export class Dragging {
  constructor(box, { onEnd }) {
    this.box = box;
    this.onEnd = onEnd;
    this.current = null;
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.current?.lifted && this.#finish(false));
  }

  get active() {
    return Boolean(this.current?.lifted);
  }

  // From now on this button can be dragged: `aim(x, y)` says where a visit with its upper edge at this point of
  // the window would go, `show(aim)` draws it there and answers what it drew, `drop(aim)` moves it and answers
  // whether that was possible.
  allow(button, { aim, show, drop }) {
    button.classList.add("movable");
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary || this.active) return;
      this.#forget();
      button.setPointerCapture(event.pointerId);
      const { clientX: x, clientY: y } = event;
      const grabbed = y - button.getBoundingClientRect().top;
      this.current = { button, aim, show, drop, grabbed, id: event.pointerId, touch: event.pointerType === "touch", from: { x, y }, at: { x, y } };
      if (this.current.touch) this.timer = setTimeout(() => this.#lift(), PRESS);
    });
    button.addEventListener("pointermove", (event) => this.#mine(button, event) && this.#move(event));
    button.addEventListener("pointerup", (event) => this.#mine(button, event) && this.#finish(true));
    button.addEventListener("pointercancel", (event) => this.#mine(button, event) && this.#finish(false));
    button.addEventListener("lostpointercapture", (event) => this.#mine(button, event) && this.#finish(false));
    // A finger that carries a visit neither scrolls nor asks for a menu.
    button.addEventListener("touchmove", (event) => this.active && event.cancelable && event.preventDefault(), { passive: false });
    button.addEventListener("contextmenu", (event) => this.current?.touch && event.preventDefault());
  }

  #mine(button, event) {
    return this.current?.button === button && this.current.id === event.pointerId && !this.current.dropped;
  }

  #move({ clientX: x, clientY: y }) {
    const drag = this.current;
    drag.at = { x, y };
    const way = Math.hypot(x - drag.from.x, y - drag.from.y);
    if (drag.lifted) this.#follow();
    else if (drag.touch && way > TREMBLE) this.#forget();
    else if (!drag.touch && way > STARTS_AFTER) this.#lift();
  }

  #lift() {
    const drag = this.current;
    if (!drag.button.isConnected) return this.#forget();
    drag.lifted = true;
    drag.button.classList.add("lifted");
    document.body.classList.add("dragging");
    this.#follow();
    this.#scroll();
    return undefined;
  }

  #follow() {
    const drag = this.current;
    drag.aimed = drag.aim(drag.at.x, drag.at.y - drag.grabbed);
    drag.ghost = drag.show(drag.aimed);
  }

  // Near an edge the calendar goes on by itself.
  #scroll() {
    const drag = this.current;
    if (!drag?.lifted || drag.dropped) return;
    const edges = this.box.getBoundingClientRect();
    const pull = (at, low, high) => (at < low + EDGE ? -SPEED : at > high - EDGE ? SPEED : 0);
    const before = [this.box.scrollLeft, this.box.scrollTop];
    this.box.scrollBy({ left: pull(drag.at.x, edges.left, edges.right), top: pull(drag.at.y, edges.top, edges.bottom), behavior: "instant" });
    if (this.box.scrollLeft !== before[0] || this.box.scrollTop !== before[1]) this.#follow();
    requestAnimationFrame(() => this.#scroll());
  }

  async #finish(wanted) {
    const drag = this.current;
    if (!drag.lifted) return this.#forget();
    drag.dropped = true;
    swallowNextClick();
    const done = wanted && (await drag.drop(drag.aimed));
    if (!done) await this.#snapBack(drag);
    drag.ghost.remove();
    drag.button.classList.remove("lifted");
    document.body.classList.remove("dragging");
    this.#forget();
    this.onEnd();
    return undefined;
  }

  #snapBack({ ghost, button }) {
    const [here, home] = [ghost.getBoundingClientRect(), button.getBoundingClientRect()];
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const way = { transform: `translate(${home.left - here.left}px, ${home.top - here.top}px)` };
    return ghost.animate([{}, way], { duration: calm ? 0 : 220, easing: "ease-in-out" }).finished.catch(() => null);
  }

  #forget() {
    clearTimeout(this.timer);
    this.current = null;
  }
}

// The click that ends a drag would open the visit. A finger makes none, so wait no longer than the next touch.
function swallowNextClick() {
  const swallow = (event) => {
    if (event.detail === 0) return; // the keyboard's
    event.stopImmediatePropagation();
    event.preventDefault();
  };
  addEventListener("click", swallow, { capture: true, once: true });
  addEventListener("pointerdown", () => removeEventListener("click", swallow, { capture: true }), { capture: true, once: true });
}
