// The right side: the clinic's day as One-Link keeps it, and staff who add, move and cancel visits in it.

import { clinicDay } from "./clinic_day.js";
import { DayGrid } from "./day_grid.js";
import { NewVisitDialog } from "./new_visit_dialog.js";
import { refusal } from "./refusal.js";
import { VisitDialog } from "./visit_dialog.js";
import { clock, staff, Unreachable, world } from "./wire.js";
import { clockFace, dayTitle, local, shift } from "./zone.js";

const $ = (id) => document.getElementById(id);
const AGAIN = 1500; // milliseconds until a sandbox that does not answer is asked again
const REFUSAL_SHOWN = 6000;
const FRESH = 6000; // how long a change stands out

export class ClinicView {
  // `person()` is the client in the chat: first_name, phone and so on.
  constructor({ onError, onNews, onChange, person }) {
    this.zone = "Asia/Almaty";
    this.day = null;
    this.state = null;
    this.known = null; // appointments seen so far: id → fingerprint
    this.fresh = new Set();
    this.onError = onError;
    this.onNews = onNews;
    this.onChange = onChange;
    this.visitDialog = new VisitDialog(this);
    this.newVisitDialog = new NewVisitDialog(this, person);
    this.grid = new DayGrid($("calendar"), {
      onVisit: (row) => this.visitDialog.open(row),
      onFree: (resource, start) => this.newVisitDialog.open(resource, start),
      onMove: (row, changes) => this.#moveByHand(row, changes),
      onDragEnd: () => this.#draw(),
    });
    $("previous").addEventListener("click", () => this.go(shift(this.day, -1)));
    $("next").addEventListener("click", () => this.go(shift(this.day, 1)));
    $("today").addEventListener("click", () => this.go(this.#today()));
  }

  // Looks whenever something has changed; a page that nobody sees does not ask.
  async run() {
    setInterval(() => this.showClock(), 1000);
    let seen = null;
    for (;;) {
      if (document.hidden) await once(document, "visibilitychange");
      const hiding = new AbortController();
      const hide = () => document.hidden && hiding.abort();
      document.addEventListener("visibilitychange", hide);
      try {
        const version = await world.version(seen, hiding.signal);
        this.onError(null);
        if (version !== seen) {
          this.#take(await world.see());
          this.onChange();
        }
        seen = version;
      } catch (error) {
        if (!hiding.signal.aborted) {
          seen = null;
          this.onError(error);
          await new Promise((resolve) => setTimeout(resolve, AGAIN));
        }
      } finally {
        document.removeEventListener("visibilitychange", hide);
      }
    }
  }

  go(day) {
    this.day = day;
    this.#draw();
  }

  // A visit is added: null, or the words of the refusal.
  add(visit) {
    return this.#change(() => staff.add(visit), visit.resource_id);
  }

  // A visit is moved or cancelled: null, or the words of the refusal.
  change(row, changes) {
    return this.#change(() => staff.change(row.id, changes), changes.resource_id ?? row.resource_id);
  }

  service(id) {
    return this.state.services.find((service) => service.id === id);
  }

  resource(id) {
    return this.state.resources.find((resource) => resource.id === id);
  }

  showClock() {
    const { day, minute } = local(clock.now(), this.zone);
    $("clock-time").textContent = clockFace(minute);
    $("clock-day").textContent = `${dayTitle(day)}, ${this.zone.split("/").at(-1).replace("_", " ")}`;
    $("clock").dateTime = clock.now().toISOString();
    this.grid.showNow(day === this.day ? minute : null);
  }

  // Shows why something was not possible, for a while; null hides it.
  refuse(words) {
    clearTimeout(this.refusalTimer);
    $("refusal").textContent = words ?? "";
    $("refusal").hidden = !words;
    if (words) this.refusalTimer = setTimeout(() => ($("refusal").hidden = true), REFUSAL_SHOWN);
  }

  async #change(act, resourceId) {
    try {
      const row = await act();
      const others = this.state.appointments.filter((other) => other.id !== row.id);
      this.#take({ ...this.state, appointments: [...others, row] });
      return null;
    } catch (error) {
      if (error instanceof Unreachable) this.onError(error);
      return refusal(error, this.resource(resourceId));
    }
  }

  async #moveByHand(row, changes) {
    const words = await this.change(row, changes);
    this.refuse(words);
    return !words;
  }

  #take(state) {
    this.state = state;
    this.zone = state.resources[0]?.timezone ?? this.zone;
    this.day ??= this.#firstDay();
    const news = this.known ? state.appointments.filter((row) => !this.known.has(row.id)) : [];
    const moved = this.known ? state.appointments.filter((row) => this.known.has(row.id) && this.known.get(row.id) !== fingerprint(row)) : [];
    this.known = new Map(state.appointments.map((row) => [row.id, fingerprint(row)]));
    for (const row of [...news, ...moved]) this.#highlight(row.id);
    const last = news.at(-1) ?? moved.at(-1);
    if (last) {
      const { day, minute } = local(new Date(last.starts_at), this.zone);
      const what = news.length ? "New visit" : last.status === "cancelled" ? "Cancelled" : "Changed";
      $("clinic-news").textContent = `${what}: ${last.client_name ?? ""}, ${dayTitle(day)}, ${clockFace(minute)}`;
      this.onNews();
      this.go(day);
      this.grid.reveal(last.id);
    } else {
      this.#draw();
    }
    this.visitDialog.follow();
    this.showClock();
  }

  #highlight(id) {
    this.fresh.add(id);
    setTimeout(() => {
      this.fresh.delete(id);
      this.#draw();
    }, FRESH);
  }

  #today() {
    return local(clock.now(), this.zone).day;
  }

  // Today, or the next day on which somebody works.
  #firstDay() {
    const days = Array.from({ length: 14 }, (_, i) => shift(this.#today(), i));
    return days.find((day) => clinicDay(this.state, day).columns.some((column) => column.work.length)) ?? days[0];
  }

  #draw() {
    if (!this.state) return;
    const shown = clinicDay(this.state, this.day);
    $("day-name").textContent = dayTitle(this.day);
    $("today").hidden = this.day === this.#today();
    const working = shown.columns.some((column) => column.work.length);
    $("day-notice").hidden = working && !shown.holiday;
    $("day-notice").textContent = shown.holiday?.title ?? "Nobody works on this day.";
    this.grid.draw(this.day, shown, this.fresh, (row) => row.service_name_snapshot ?? this.service(row.service_id)?.name ?? "");
    this.showClock();
  }
}

function fingerprint(row) {
  return `${row.status} ${row.resource_id} ${row.starts_at} ${row.ends_at}`;
}

function once(target, event) {
  return new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
}
