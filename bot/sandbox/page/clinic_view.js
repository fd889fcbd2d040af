// The right side: the clinic's day as One-Link keeps it, and a rival who takes times.

import { clinicDay, freeCells } from "./clinic_day.js";
import { clock, world } from "./wire.js";
import { clockFace, instant, local, shift } from "./zone.js";

const $ = (id) => document.getElementById(id);
const MINUTE = 1.15; // pixels
const POLL = 1200;
const RIVAL = { client_name: "Someone faster", source: "rival" };

export class ClinicView {
  constructor({ onError, onNews }) {
    this.zone = "Asia/Almaty";
    this.day = null;
    this.state = null;
    this.known = null; // ids of appointments seen so far
    this.fresh = new Set();
    this.onError = onError;
    this.onNews = onNews;
    this.dayName = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "long" });
    $("previous").addEventListener("click", () => this.go(shift(this.day, -1)));
    $("next").addEventListener("click", () => this.go(shift(this.day, 1)));
    $("today").addEventListener("click", () => this.go(this.#today()));
    $("visit-cancel").addEventListener("click", () => this.#change((row) => (row.status = "cancelled")));
    $("visit-earlier").addEventListener("click", () => this.#move(-30));
    $("visit-later").addEventListener("click", () => this.#move(30));
  }

  async run() {
    for (;;) {
      if (!document.hidden) await this.refresh();
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  async refresh() {
    try {
      this.#take(await world.see());
      this.onError(null);
    } catch (error) {
      this.onError(error);
    }
    this.#showClock();
  }

  go(day) {
    this.day = day;
    this.key = null;
    this.#draw();
  }

  #take(state) {
    this.state = state;
    this.zone = state.resources[0]?.timezone ?? this.zone;
    this.day ??= this.#firstDay();
    const news = this.known ? state.appointments.filter((row) => !this.known.has(row.id) && row.source !== RIVAL.source) : [];
    const moved = this.known ? state.appointments.filter((row) => this.known.has(row.id) && this.known.get(row.id) !== fingerprint(row)) : [];
    this.known = new Map(state.appointments.map((row) => [row.id, fingerprint(row)]));
    for (const row of [...news, ...moved]) this.#highlight(row.id);
    const last = news.at(-1) ?? moved.at(-1);
    if (last) {
      const { day, minute } = local(new Date(last.starts_at), this.zone);
      const what = news.length ? "New visit" : last.status === "cancelled" ? "Cancelled" : "Changed";
      $("clinic-news").textContent = `${what}: ${last.client_name ?? ""}, ${this.#title(day)}, ${clockFace(minute)}`;
      this.onNews();
      this.go(day);
      this.#reveal(last.id);
    } else {
      this.#draw();
    }
  }

  #highlight(id) {
    this.fresh.add(id);
    this.key = null;
    setTimeout(() => this.fresh.delete(id), 6000);
  }

  #reveal(id) {
    const block = document.querySelector(`[data-visit="${id}"]`);
    const box = $("calendar");
    if (block) box.scrollTo({ top: block.offsetTop - box.clientHeight / 3, behavior: "smooth" });
  }

  #today() {
    return local(clock.now(), this.zone).day;
  }

  // Today, or the next day on which somebody works.
  #firstDay() {
    const days = Array.from({ length: 14 }, (_, i) => shift(this.#today(), i));
    return days.find((day) => clinicDay(this.state, day).columns.some((column) => column.work.length)) ?? days[0];
  }

  #title(day) {
    return this.dayName.format(new Date(`${day}T00:00:00Z`));
  }

  #showClock() {
    const { day, minute } = local(clock.now(), this.zone);
    $("clock").textContent = `${clockFace(minute)} ${this.zone.split("/").at(-1).replace("_", " ")}`;
    $("clock").dateTime = clock.now().toISOString();
    const line = document.querySelector(".now");
    if (line) {
      line.hidden = day !== this.day || minute < this.shown.from || minute > this.shown.to;
      line.style.top = `${(minute - this.shown.from) * MINUTE}px`;
    }
  }

  // Redraws only when something on this day changed, so that focus and scrolling stay where they are.
  #draw() {
    if (!this.state) return;
    const shown = clinicDay(this.state, this.day);
    const key = JSON.stringify([this.day, shown, [...this.fresh]]);
    if (key === this.key) return;
    this.key = key;
    this.shown = shown;
    const today = this.#today();
    $("day-name").textContent = this.#title(this.day);
    $("today").hidden = this.day === today;
    const working = shown.columns.some((column) => column.work.length);
    $("day-notice").hidden = working && !shown.holiday;
    $("day-notice").textContent = shown.holiday?.title ?? "Nobody works on this day.";
    const focused = document.activeElement?.dataset?.cell;
    const scrolled = $("calendar").scrollTop;
    const sameDay = this.drawnDay === this.day;
    $("calendar").replaceChildren(this.#grid(shown));
    this.drawnDay = this.day;
    $("calendar").scrollTop = sameDay ? scrolled : 0;
    if (focused) document.querySelector(`[data-cell="${focused}"]`)?.focus({ preventScroll: true });
    this.#showClock();
  }

  #grid(shown) {
    const grid = element("div", "grid");
    // Who does not work today takes little room.
    const widths = shown.columns.map(({ work, visits }) => (work.length || visits.length ? "minmax(118px, 1fr)" : "minmax(64px, .45fr)"));
    grid.style.setProperty("--columns", `52px ${widths.join(" ")}`);
    grid.style.setProperty("--height", `${(shown.to - shown.from) * MINUTE}px`);
    grid.style.setProperty("--hour", `${60 * MINUTE}px`);
    const heads = element("div", "heads");
    heads.append(element("span", "corner"));
    for (const { resource } of shown.columns) {
      const head = element("div", "head");
      head.append(element("b", "", resource.name), element("span", "", resource.specialty ?? ""));
      head.style.setProperty("--colour", resource.color ?? "var(--accent)");
      heads.append(head);
    }
    const body = element("div", "body");
    const hours = element("div", "hours");
    for (let minute = shown.from; minute < shown.to; minute += 60) hours.append(element("span", "", clockFace(minute)));
    body.append(hours, ...shown.columns.map((column) => this.#column(column, shown)));
    const now = element("div", "now");
    now.hidden = true;
    body.append(now);
    grid.append(heads, body);
    return grid;
  }

  #column(column, shown) {
    const box = element("div", "column");
    box.role = "group";
    box.ariaLabel = column.resource.name;
    box.style.setProperty("--colour", column.resource.color ?? "var(--accent)");
    const at = (node, { start, end }) => {
      const [top, bottom] = [Math.max(start, shown.from), Math.min(end, shown.to)];
      node.style.top = `${(top - shown.from) * MINUTE}px`;
      node.style.height = `${(bottom - top) * MINUTE}px`;
      return node;
    };
    for (const hours of column.work) box.append(at(element("div", "work"), hours));
    for (const pause of column.breaks) box.append(at(element("div", "pause", pause.title ?? "Break"), pause));
    for (const away of column.absences) box.append(at(element("div", "pause away", away.title ?? "Away"), away));
    for (const cell of freeCells(column)) box.append(at(this.#cell(column.resource, cell), cell));
    for (const visit of column.visits) box.append(at(this.#visit(visit), visit));
    return box;
  }

  #cell(resource, cell) {
    const button = element("button", "free");
    button.type = "button";
    button.dataset.cell = `${resource.id}-${cell.start}`;
    button.ariaLabel = `Take ${clockFace(cell.start)}, ${resource.name}`;
    button.append(element("span", "", `${clockFace(cell.start)} take`));
    button.addEventListener("click", () => this.#takeSlot(resource, cell));
    return button;
  }

  #visit({ start, end, row }) {
    const button = element("button", `visit ${row.status}${row.source === RIVAL.source ? " rival" : ""}`);
    button.type = "button";
    button.dataset.visit = row.id;
    button.dataset.cell = `visit-${row.id}`;
    if (this.fresh.has(row.id)) button.classList.add("fresh");
    if (end - start <= 20) button.classList.add("short");
    const service = row.service_name_snapshot ?? this.#service(row) ?? "";
    button.append(
      element("b", "", `${clockFace(start)} ${row.client_name ?? ""}`),
      element("span", "", service),
    );
    button.ariaLabel = `${clockFace(start)} to ${clockFace(end)}, ${row.client_name ?? ""}, ${service}, ${row.status}`;
    button.addEventListener("click", () => this.#open(row));
    return button;
  }

  #service(row) {
    return this.state.services.find((service) => service.id === row.service_id)?.name;
  }

  #open(row) {
    this.opened = row.id;
    const { day, minute } = local(new Date(row.starts_at), this.zone);
    $("visit-title").textContent = `${this.#title(day)}, ${clockFace(minute)}`;
    const conversation = row.conversation_display_id ?? row.conversation_id;
    const facts = {
      Client: row.client_name,
      Phone: row.client_phone,
      IIN: row.client_identifier?.replace(/^(\d{4})\d{5}(\d{3})$/, "$1•••••$2"),
      Service: row.service_name_snapshot ?? this.#service(row),
      Specialist: this.state.resources.find((resource) => resource.id === row.resource_id)?.name,
      Status: row.status,
      Number: row.id,
      Conversation: conversation,
      Comment: row.client_comment,
    };
    $("visit-facts").replaceChildren(...Object.entries(facts).filter(([, value]) => value).flatMap(
      ([name, value]) => [element("dt", "", name), element("dd", "", String(value))]));
    const over = !["scheduled", "confirmed"].includes(row.status);
    for (const id of ["visit-cancel", "visit-earlier", "visit-later"]) $(id).hidden = over;
    $("visit-dialog").showModal();
  }

  // What staff do in One-Link: change the row of the opened visit.
  async #change(edit) {
    const id = this.opened;
    $("visit-dialog").close();
    await this.#alter((state) => {
      const row = state.appointments.find((candidate) => candidate.id === id);
      edit(row);
      row.updated_at = clock.now().toISOString().replace(/\.\d+/, "");
    });
  }

  #move(minutes) {
    return this.#change((row) => {
      for (const name of ["starts_at", "ends_at"]) {
        row[name] = new Date(Date.parse(row[name]) + minutes * 60_000).toISOString().replace(".000", "");
      }
    });
  }

  async #takeSlot(resource, cell) {
    await this.#alter((state) => {
      const contact = state.contacts[0];
      state.appointments.push({
        ...RIVAL,
        resource_id: resource.id,
        contact_id: contact?.id ?? null,
        starts_at: instant(this.day, cell.start, resource.timezone).toISOString().replace(".000", ""),
        ends_at: instant(this.day, cell.end, resource.timezone).toISOString().replace(".000", ""),
        duration_min: cell.end - cell.start,
        client_phone: contact?.phone ?? null,
      });
    });
  }

  async #alter(edit) {
    try {
      await world.change(edit);
    } catch (error) {
      this.onError(error);
    }
    await this.refresh();
  }
}

function fingerprint(row) {
  return `${row.status} ${row.resource_id} ${row.starts_at} ${row.ends_at}`;
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
