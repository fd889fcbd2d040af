// The picture of one day: a column for each specialist, free times and visits in it; visits can be dragged.

import { fits, freeCells } from "./clinic_day.js";
import { Dragging } from "./dragging.js";
import { element } from "./element.js";
import { clockFace, instant, utc } from "./zone.js";

const MINUTE = 1.15; // pixels
const STEP = 15; // minutes; a dragged visit starts at a multiple of it

export const isAhead = (row) => ["scheduled", "confirmed"].includes(row.status);

export class DayGrid {
  // `onMove(row, changes)` answers whether the visit was moved.
  constructor(box, { onVisit, onFree, onMove, onDragEnd }) {
    Object.assign(this, { box, onVisit, onFree, onMove });
    this.dragging = new Dragging(box, { onEnd: onDragEnd });
    this.ghost = element("div", "visit ghost");
  }

  // Redraws only when something on this day changed, so that focus and scrolling stay where they are.
  draw(day, shown, fresh, serviceOf) {
    const key = JSON.stringify([day, shown, [...fresh]]);
    if (key === this.key || this.dragging.active) return;
    const sameDay = this.day === day;
    Object.assign(this, { key, day, shown, fresh, serviceOf });
    const focused = document.activeElement?.dataset?.cell;
    const { scrollTop, scrollLeft } = this.box;
    this.box.replaceChildren(this.#grid());
    this.box.scrollTo({ top: sameDay ? scrollTop : 0, left: scrollLeft, behavior: "instant" });
    if (focused) this.box.querySelector(`[data-cell="${focused}"]`)?.focus({ preventScroll: true });
  }

  // Scrolls to a visit that cannot be seen.
  reveal(id) {
    const block = this.box.querySelector(`[data-visit="${id}"]`);
    if (!block || this.dragging.active) return;
    const [seen, edges] = [block.getBoundingClientRect(), this.box.getBoundingClientRect()];
    const heads = this.box.querySelector(".heads").offsetHeight;
    if (seen.top < edges.top + heads || seen.bottom > edges.bottom || seen.left < edges.left || seen.right > edges.right) {
      const left = this.box.scrollLeft + seen.left - edges.left - edges.width / 3;
      this.box.scrollTo({ top: block.offsetTop - edges.height / 3, left, behavior: "smooth" });
    }
  }

  // The line of the present; null when it is not on this day.
  showNow(minute) {
    const line = this.box.querySelector(".now");
    if (!line) return;
    line.hidden = minute === null || minute < this.shown.from || minute > this.shown.to;
    line.style.top = `${(minute - this.shown.from) * MINUTE}px`;
  }

  #grid() {
    const { columns, from, to } = this.shown;
    const grid = element("div", "grid");
    // Who does not work on this day takes little room.
    const widths = columns.map(({ work, visits }) => (work.length || visits.length ? "minmax(118px, 1fr)" : "minmax(64px, .45fr)"));
    grid.style.setProperty("--columns", `52px ${widths.join(" ")}`);
    grid.style.setProperty("--height", `${(to - from) * MINUTE}px`);
    grid.style.setProperty("--hour", `${60 * MINUTE}px`);
    const heads = element("div", "heads");
    heads.append(element("span", "corner"));
    for (const { resource } of columns) {
      const head = element("div", "head");
      head.append(element("b", "", resource.name), element("span", "", resource.specialty ?? ""));
      head.style.setProperty("--colour", resource.color ?? "var(--accent)");
      heads.append(head);
    }
    const body = element("div", "body");
    const hours = element("div", "hours");
    for (let minute = from; minute < to; minute += 60) hours.append(element("span", "", clockFace(minute)));
    this.boxes = columns.map((column) => this.#column(column));
    const now = element("div", "now");
    now.hidden = true;
    body.append(hours, ...this.boxes, now);
    grid.append(heads, body);
    return grid;
  }

  #column(column) {
    const box = element("div", "column");
    box.role = "group";
    box.ariaLabel = column.resource.name;
    box.style.setProperty("--colour", column.resource.color ?? "var(--accent)");
    for (const hours of column.work) box.append(this.#at(element("div", "work"), hours));
    for (const pause of column.breaks) box.append(this.#at(element("div", "pause", pause.title ?? "Break"), pause));
    for (const away of column.absences) box.append(this.#at(element("div", "pause away", away.title ?? "Away"), away));
    for (const cell of freeCells(column)) box.append(this.#at(this.#cell(column.resource, cell), cell));
    for (const visit of column.visits) box.append(this.#at(this.#visit(visit), visit));
    return box;
  }

  #at(node, { start, end }) {
    const [top, bottom] = [Math.max(start, this.shown.from), Math.min(end, this.shown.to)];
    node.style.top = `${(top - this.shown.from) * MINUTE}px`;
    node.style.height = `${(bottom - top) * MINUTE}px`;
    return node;
  }

  #cell(resource, cell) {
    const button = element("button", "free");
    button.type = "button";
    button.dataset.cell = `${resource.id}-${cell.start}`;
    button.ariaLabel = `Add a visit at ${clockFace(cell.start)}, ${resource.name}`;
    button.append(element("span", "", `+ ${clockFace(cell.start)}`));
    button.addEventListener("click", () => this.onFree(resource, cell.start));
    return button;
  }

  #visit(visit) {
    const { start, end, row } = visit;
    const button = element("button", `visit ${row.status}`);
    button.type = "button";
    button.dataset.visit = row.id;
    button.dataset.cell = `visit-${row.id}`;
    if (this.fresh.has(row.id)) button.classList.add("fresh");
    if (end - start <= 20) button.classList.add("short");
    const service = this.serviceOf(row);
    button.append(element("b", "", `${clockFace(start)} ${row.client_name ?? ""}`), element("span", "", service));
    button.ariaLabel = `${clockFace(start)} to ${clockFace(end)}, ${row.client_name ?? ""}, ${service}, ${row.status}`;
    button.addEventListener("click", () => this.onVisit(row));
    if (isAhead(row)) this.#allowDragging(button, visit);
    return button;
  }

  #allowDragging(button, { start, end, row }) {
    const length = end - start;
    this.dragging.allow(button, {
      aim: (x, y) => this.#aim(x, y, length),
      show: (aim) => this.#showGhost(aim, row),
      drop: ({ column, start: at }) => {
        if (at === start && column.resource.id === row.resource_id) return false; // put down where it was
        const { id, timezone } = column.resource;
        const elsewhere = id === row.resource_id ? {} : { resource_id: id };
        return this.onMove(row, { starts_at: utc(instant(this.day, at, timezone)), ...elsewhere });
      },
    });
  }

  // The column under the pointer and the nearest start in it.
  #aim(x, y, length) {
    const found = this.boxes.findIndex((box) => x < box.getBoundingClientRect().right);
    const index = found < 0 ? this.boxes.length - 1 : found;
    const minute = this.shown.from + (y - this.boxes[index].getBoundingClientRect().top) / MINUTE;
    const start = Math.min(Math.max(Math.round(minute / STEP) * STEP, this.shown.from), this.shown.to - length);
    return { index, column: this.shown.columns[index], start, end: start + length };
  }

  #showGhost(aim, row) {
    this.ghost.classList.toggle("unfit", !fits(aim.column, aim, row.id));
    this.ghost.classList.toggle("short", aim.end - aim.start <= 20);
    this.ghost.replaceChildren(element("b", "", `${clockFace(aim.start)} ${row.client_name ?? ""}`), element("span", "", aim.column.resource.name));
    if (this.ghost.parentNode !== this.boxes[aim.index]) this.boxes[aim.index].append(this.ghost);
    return this.#at(this.ghost, aim);
  }
}
