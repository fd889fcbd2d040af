// The demo page: the chat on the left, the clinic on the right, and the switches that break things.

import { ChatView } from "./chat_view.js";
import { ClinicView } from "./clinic_view.js";
import { ConversationsView } from "./conversations_view.js";
import { Panels } from "./panels.js";
import { Switches } from "./switches.js";
import { chat as wire, clock, Unreachable } from "./wire.js";

const $ = (id) => document.getElementById(id);

const PEOPLE = [
  { first_name: "Алия", last_name: "Нурланова", language_code: "ru" },
  { first_name: "Ерлан", last_name: "Жумабаев", language_code: "kk" },
  { first_name: "Kate", last_name: "Miller", language_code: "en" },
  { first_name: "Тимур", last_name: null, language_code: "ru" },
  { first_name: "Гүлнұр", last_name: "Оспанова", language_code: "kk" },
];

const clinic = new ClinicView({
  onError: failed,
  onNews: () => {
    mark("clinic");
    panels.mark();
  },
  onChange: () => {
    switches.refresh();
    conversations.refresh();
  },
  person: () => chat.state?.person,
});
const conversations = new ConversationsView({
  zone: clinic.zone,
  world: () => clinic.state,
  onError: failed,
  onNews: () => mark("clinic"),
  onRefusal: (words) => clinic.refuse(words),
});
const panels = new Panels({ onShow: (name) => conversations.show(name === "conversations") });
const switches = new Switches({ onError: failed });
const chat = new ChatView({ zone: clinic.zone, onError: failed, onNews: () => mark("chat") });

function failed(error) {
  const gone = error instanceof Unreachable;
  document.body.classList.toggle("offline", gone);
  $("bot-status").dataset.offline = gone ? "the sandbox does not answer" : "";
  if (error && !gone) {
    console.error(error);
    chat.toast(error.message);
  }
}

// The person of this page: in the address, so that a reload or a second window shows the same chat.
function personInAddress() {
  const found = /person=(\d+)/.exec(location.hash)?.[1] ?? sessionStorage.getItem("person");
  return found ? Number(found) : null;
}

function open(id) {
  sessionStorage.setItem("person", id);
  history.replaceState(null, "", `#person=${id}`);
  chat.open(id);
}

async function newPerson() {
  const id = 100_000_000 + Math.floor(Math.random() * 900_000_000);
  const met = Number(sessionStorage.getItem("met") ?? 0);
  sessionStorage.setItem("met", met + 1);
  try {
    await wire.describe(id, PEOPLE[met % PEOPLE.length]);
  } catch (error) {
    failed(error);
  }
  open(id);
}

function editPerson() {
  if (!chat.state) return; // the chat is still being opened
  const form = $("person-dialog").querySelector("form");
  for (const [name, value] of Object.entries(chat.state?.person ?? {})) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value ?? "";
  }
  $("person-dialog").showModal();
}

$("person-button").addEventListener("click", editPerson);
$("new-person").addEventListener("click", newPerson);
$("person-dialog").querySelector("[data-close]").addEventListener("click", () => $("person-dialog").close());
$("person-dialog").querySelector("form").addEventListener("submit", (event) => {
  const given = Object.fromEntries(new FormData(event.target));
  const person = { ...given, last_name: given.last_name || null, language_code: given.language_code || null };
  chat.act((id) => wire.describe(id, person));
});
addEventListener("hashchange", () => open(personInAddress()));

for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", async () => {
    try {
      await clock.advance(Number(button.dataset.advance));
      clinic.showClock();
    } catch (error) {
      failed(error);
    }
  });
}
$("block").addEventListener("click", () => chat.act((id) => wire.block(id, !chat.state.blocked)));

// On a phone one part is shown at a time; a dot says that the other one has news.

function show(pane) {
  document.body.dataset.pane = pane;
  for (const tab of document.querySelectorAll(".tabs button")) {
    const chosen = tab.dataset.show === pane;
    tab.setAttribute("aria-pressed", String(chosen));
    if (chosen) tab.querySelector(".dot").hidden = true;
  }
  conversations.show(panels.shown === "conversations");
}

function mark(pane) {
  document.querySelector(`.tabs [data-show="${pane}"] .dot`).hidden = document.body.dataset.pane === pane;
}

for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => show(tab.dataset.show));
}

if (matchMedia("(max-width: 820px)").matches) $("break").open = false; // leave the room to the calendar

panels.show("calendar");
const known = personInAddress();
if (known) open(known);
else newPerson();
clinic.run();
