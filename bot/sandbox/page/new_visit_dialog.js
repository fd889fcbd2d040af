// A visit that staff add, as on the phone: for the client in the chat, or for somebody else.

import { clinicDay, fits } from "./clinic_day.js";
import { clockFace, dayTitle, instant, utc } from "./zone.js";

const $ = (id) => document.getElementById(id);
const SOMEBODY = "Somebody else";

export class NewVisitDialog {
  constructor(clinic, person) {
    this.clinic = clinic;
    this.person = person;
    this.dialog = $("new-visit-dialog");
    this.services = $("new-visit-service");
    $("new-visit-client").addEventListener("click", () => this.#add({ contact_id: this.contact.id }));
    $("new-visit-other").addEventListener("click", () => this.#add({ client_name: SOMEBODY }));
    $("new-visit-close").addEventListener("click", () => this.dialog.close());
  }

  open(resource, start) {
    this.resource = resource;
    this.startsAt = utc(instant(this.clinic.day, start, resource.timezone));
    this.#say("");
    $("new-visit-title").textContent = `${dayTitle(this.clinic.day)}, ${clockFace(start)}`;
    $("new-visit-specialist").textContent = resource.name;
    const provided = provides(this.clinic.state.services, resource);
    this.services.replaceChildren(...provided.map((service) => new Option(`${service.name}, ${service.duration_min} min`, service.id)));
    const column = clinicDay(this.clinic.state, this.clinic.day).columns.find((candidate) => candidate.resource.id === resource.id);
    const suits = provided.find((service) => fits(column, { start, end: start + service.duration_min }));
    if (suits) this.services.value = suits.id;
    this.contact = this.#contact();
    $("new-visit-client").hidden = !this.contact;
    $("new-visit-client").textContent = `For ${this.contact?.full_name ?? ""}`;
    $("new-visit-unknown").hidden = Boolean(this.contact);
    this.dialog.showModal();
  }

  // The contact with the phone number of the person in the chat.
  #contact() {
    const phone = digits(this.person()?.phone);
    return phone ? this.clinic.state.contacts.find((contact) => digits(contact.phone) === phone) : undefined;
  }

  async #add(whose) {
    const service = Number(this.services.value);
    const words = await this.clinic.add({ ...whose, resource_id: this.resource.id, starts_at: this.startsAt, ...(service ? { service_id: service } : {}) });
    if (words) this.#say(words);
    else this.dialog.close();
  }

  #say(words) {
    $("new-visit-refusal").textContent = words;
    $("new-visit-refusal").hidden = !words;
  }
}

// What this specialist has a price for; all services where the clinic has no such prices.
function provides(services, resource) {
  const active = services.filter((service) => service.active);
  const own = active.filter(({ prices }) => prices.some((row) => row.resource_id === resource.id && row.active && row.price > 0));
  return own.length ? own : active;
}

// The last ten: how a number begins is written in many ways.
function digits(phone) {
  return phone?.replace(/\D/g, "").slice(-10);
}
