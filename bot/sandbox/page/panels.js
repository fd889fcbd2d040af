// What is shown of the clinic: its calendar, or the conversations with clients.

const $ = (id) => document.getElementById(id);

export class Panels {
  // `onShow(name)`: "calendar" or "conversations" is shown from now on.
  constructor({ onShow }) {
    this.onShow = onShow;
    this.scrolled = 0; // what is hidden forgets how far it was scrolled
    for (const button of document.querySelectorAll("[data-panel]")) {
      button.addEventListener("click", () => this.show(button.dataset.panel));
    }
  }

  show(name) {
    if (name === this.shown) return;
    if (this.shown === "calendar") this.scrolled = $("calendar").scrollTop;
    this.shown = name;
    for (const button of document.querySelectorAll("[data-panel]")) {
      button.setAttribute("aria-pressed", String(button.dataset.panel === name));
    }
    $("calendar-panel").hidden = name !== "calendar";
    $("conversations").hidden = name !== "conversations";
    if (name === "calendar") {
      $("calendar").scrollTop = this.scrolled;
      $("calendar-dot").hidden = true;
    }
    this.onShow(name);
  }

  // The calendar has news.
  mark() {
    $("calendar-dot").hidden = this.shown === "calendar";
  }
}
