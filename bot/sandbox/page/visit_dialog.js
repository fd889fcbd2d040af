// One visit: what is known of it, and buttons for all that staff do with it.

import { isAhead } from "./day_grid.js";
import { element } from "./element.js";
import { clock } from "./wire.js";
import { clockFace, dayTitle, instant, local, shift, utc } from "./zone.js";

const $ = (id) => document.getElementById(id);
const HOUR = 3_600_000;

export class VisitDialog {
  constructor(clinic) {
    this.clinic = clinic;
    this.dialog = $("visit-dialog");
    this.form = $("visit-form");
    for (const button of this.dialog.querySelectorAll("[data-minutes]")) {
      button.addEventListener("click", () => this.#moveBy(0, Number(button.dataset.minutes)));
    }
    for (const button of this.dialog.querySelectorAll("[data-days]")) {
      button.addEventListener("click", () => this.#moveBy(Number(button.dataset.days), 0));
    }
    for (const button of this.dialog.querySelectorAll("[data-before]")) {
      button.addEventListener("click", () => this.#jump(Number(button.dataset.before)));
    }
    $("visit-cancel").addEventListener("click", () => this.#change({ status: "cancelled" }));
    $("visit-close").addEventListener("click", () => this.dialog.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#moveAsWritten();
    });
  }

  open(row) {
    this.#show(row);
    this.dialog.showModal();
  }

  // The clinic has changed while the dialog is open: somebody else may have moved this very visit.
  follow() {
    const row = this.dialog.open && this.clinic.state.appointments.find(({ id }) => id === this.row.id);
    if (row && row.updated_at !== this.row.updated_at) this.#show(row);
  }

  #show(row) {
    this.row = row;
    this.#say("");
    const { day, minute } = this.#when();
    $("visit-title").textContent = `${dayTitle(day)}, ${clockFace(minute)}`;
    const facts = {
      Client: row.client_name,
      Phone: row.client_phone,
      IIN: row.client_identifier?.replace(/^(\d{4})\d{5}(\d{3})$/, "$1•••••$2"),
      Service: row.service_name_snapshot ?? this.clinic.service(row.service_id)?.name,
      Specialist: this.clinic.resource(row.resource_id)?.name,
      Status: row.status,
      Number: row.id,
      Conversation: row.conversation_display_id ?? row.conversation_id,
      Comment: row.client_comment,
    };
    $("visit-facts").replaceChildren(...Object.entries(facts).filter(([, value]) => value).flatMap(
      ([name, value]) => [element("dt", "", name), element("dd", "", String(value))]));
    $("visit-moves").hidden = $("visit-cancel").hidden = !isAhead(row);
    const { day: dayField, time, specialist } = this.form.elements;
    dayField.value = day;
    time.value = clockFace(minute);
    const working = this.clinic.state.resources.filter((resource) => resource.active);
    specialist.replaceChildren(...working.map(({ id, name }) => new Option(name, id, false, id === row.resource_id)));
    const left = Date.parse(row.starts_at) - clock.now();
    for (const button of this.dialog.querySelectorAll("[data-before]")) button.disabled = left <= button.dataset.before * HOUR;
    $("visit-clock").hidden = !isAhead(row) || left <= 0;
  }

  #when() {
    return local(new Date(this.row.starts_at), this.#zone());
  }

  #zone(resourceId = this.row.resource_id) {
    return this.clinic.resource(resourceId)?.timezone ?? this.clinic.zone;
  }

  #moveBy(days, minutes) {
    const { day, minute } = this.#when();
    return this.#change({ starts_at: utc(instant(shift(day, days), minute + minutes, this.#zone())) });
  }

  #moveAsWritten() {
    const { day, time, specialist } = this.form.elements;
    const [hours, minutes] = time.value.split(":").map(Number);
    const id = Number(specialist.value);
    const elsewhere = id === this.row.resource_id ? {} : { resource_id: id };
    return this.#change({ starts_at: utc(instant(day.value, hours * 60 + minutes, this.#zone(id))), ...elsewhere });
  }

  async #change(changes) {
    const words = await this.clinic.change(this.row, changes);
    if (words) this.#say(words);
    else this.dialog.close();
  }

  async #jump(hours) {
    try {
      await clock.set(new Date(Date.parse(this.row.starts_at) - hours * HOUR));
      this.clinic.showClock();
      this.dialog.close();
    } catch (error) {
      this.#say(error.message);
    }
  }

  #say(words) {
    $("visit-refusal").textContent = words;
    $("visit-refusal").hidden = !words;
  }
}
