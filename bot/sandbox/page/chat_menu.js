// The menus above the chat's text field: the bot's commands, and what can be sent besides text.

import { element } from "./element.js";
import { kindOf } from "./media.js";

const $ = (id) => document.getElementById(id);
const BUTTONS = ["menu-button", "attach-button"];
// What can be sent without choosing a file.
const SAMPLES = { voice: "Voice message", sticker: "Sticker", location: "Location" };

export class ChatMenu {
  // `commands()` lists those of the bot; `say(text)`, `send(kind)` and `sendFile(kind, file)` do what is chosen.
  constructor({ commands, say, send, sendFile }) {
    Object.assign(this, { commands, say, send, sendFile });
    $("menu-button").addEventListener("click", () => this.#toggle("menu-button", this.#commandEntries()));
    $("attach-button").addEventListener("click", () => this.#toggle("attach-button", this.#attachEntries()));
    $("chat-file").addEventListener("change", () => this.#chosen());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    $("scroll").addEventListener("click", () => this.close());
  }

  close() {
    $("menu").hidden = true;
    for (const id of BUTTONS) $(id).setAttribute("aria-expanded", "false");
  }

  #commandEntries() {
    return this.commands().map(({ command, description }) => [`/${command}`, description, () => this.say(`/${command}`)]);
  }

  #attachEntries() {
    return [
      ["Photo or video", "", () => this.#choose("image/*,video/*")],
      ["File", "", () => this.#choose("")],
      ...Object.entries(SAMPLES).map(([kind, name]) => [name, "", () => this.send(kind)]),
    ];
  }

  // What may be chosen: pictures and films to look at, or, with "", any file as it is.
  #choose(accept) {
    Object.assign($("chat-file"), { accept, value: "" });
    $("chat-file").click();
  }

  #chosen() {
    const [file] = $("chat-file").files;
    if (file) this.sendFile($("chat-file").accept ? kindOf(file) : "document", file);
  }

  #toggle(buttonId, entries) {
    const menu = $("menu");
    const open = menu.hidden || menu.dataset.of !== buttonId;
    this.close();
    if (!open) return;
    menu.dataset.of = buttonId;
    menu.hidden = false;
    $(buttonId).setAttribute("aria-expanded", "true");
    menu.replaceChildren(...entries.map(([name, description, act]) => {
      const button = element("button");
      button.type = "button";
      button.append(element("b", "", name), " ", description);
      button.addEventListener("click", () => {
        this.close();
        act();
      });
      return button;
    }));
    menu.querySelector("button")?.focus();
  }
}
