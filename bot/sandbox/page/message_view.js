// One message as Telegram shows it: a bubble, and the buttons under it.

import { link, richText } from "./rich_text.js";

export const ATTACHMENTS = {
  photo: "Photo", document: "Document", voice: "Voice message", sticker: "Sticker", location: "Location",
};

export class MessageView {
  constructor({ zone, say, tap, toast }) {
    Object.assign(this, { say, tap, toast });
    this.time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  }

  // A list item; `waiting` lists the data of buttons that wait for an answer.
  item(message, waiting, heading) {
    const item = document.createElement("li");
    item.className = message.from === "bot" ? "bot" : "own";
    item.dataset.messageId = message.message_id;
    if (heading) {
      const line = document.createElement("p");
      line.className = "date";
      line.textContent = heading;
      item.append(line);
    }
    const bubble = document.createElement("div");
    bubble.className = `bubble ${message.kind}`;
    const author = document.createElement("span");
    author.className = "sr";
    author.textContent = message.from === "bot" ? "Bot: " : "You: ";
    bubble.append(author, ...this.#content(message));
    if (message.text) {
      const text = document.createElement("div");
      text.className = "text";
      text.append(richText(message.text, message.entities, { onCommand: this.say }));
      bubble.append(text);
    }
    bubble.append(this.#stamp(message));
    // As wide as the wider of the two, as in Telegram.
    const turn = document.createElement("div");
    turn.className = "turn";
    turn.append(bubble);
    if (message.buttons.length) turn.append(this.#inlineKeyboard(message, waiting));
    item.append(turn);
    return item;
  }

  #stamp(message) {
    const stamp = document.createElement("time");
    const date = new Date(message.date * 1000);
    stamp.dateTime = date.toISOString();
    stamp.textContent = (message.edits && message.from === "bot" ? "edited " : "") + this.time.format(date);
    if (message.edits) stamp.title = `was: ${message.history.at(-1)}`;
    return stamp;
  }

  #content(message) {
    const box = document.createElement("div");
    box.className = "attachment";
    const strong = document.createElement("b");
    const small = document.createElement("span");
    box.append(strong, small);
    switch (message.kind) {
      case "text":
        return [];
      case "contact":
        strong.textContent = [message.contact.first_name, message.contact.last_name].filter(Boolean).join(" ");
        small.textContent = message.contact.phone_number;
        box.dataset.icon = "☎";
        return [box];
      case "document": {
        const anchor = document.createElement("a");
        anchor.href = `/_sandbox/files/${encodeURIComponent(message.document.file_id)}`;
        anchor.download = message.document.file_name;
        anchor.className = "attachment";
        anchor.dataset.icon = "↓";
        strong.textContent = message.document.file_name;
        small.textContent = `${Math.max(1, Math.round(message.document.file_size / 1024))} KB`;
        anchor.append(strong, small);
        return [anchor];
      }
      case "venue":
      case "location": {
        const { latitude, longitude } = message.venue?.location ?? message.location;
        const map = link(`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=17/${latitude}/${longitude}`);
        map.className = "attachment";
        map.dataset.icon = "⌖";
        strong.textContent = message.venue?.title ?? "Location";
        small.textContent = message.venue?.address ?? `${latitude}, ${longitude}`;
        map.append(strong, small);
        return [map];
      }
      case "sticker": {
        const sticker = document.createElement("div");
        sticker.className = "sticker-picture";
        sticker.textContent = message.sticker.emoji ?? "🙂";
        return [sticker];
      }
      default:
        strong.textContent = ATTACHMENTS[message.kind] ?? message.kind;
        box.dataset.icon = message.kind === "voice" ? "▶" : "▣";
        return [box];
    }
  }

  #inlineKeyboard(message, waiting) {
    const keyboard = document.createElement("div");
    keyboard.className = "inline";
    keyboard.role = "group";
    keyboard.ariaLabel = "Buttons";
    for (const row of message.buttons) {
      const line = document.createElement("div");
      line.className = "row";
      for (const button of row) line.append(this.#inlineButton(message, button, waiting));
      keyboard.append(line);
    }
    return keyboard;
  }

  #inlineButton(message, button, waiting) {
    if (button.url) {
      const anchor = link(button.url);
      anchor.textContent = button.text;
      anchor.dataset.mark = "↗";
      return anchor;
    }
    const element = document.createElement("button");
    element.type = "button";
    element.textContent = button.text;
    if (button.style) element.classList.add(button.style);
    if (button.copy_text) {
      element.dataset.mark = "⧉";
      element.addEventListener("click", () => this.#copy(button.copy_text));
    } else {
      element.classList.toggle("waiting", waiting.includes(button.data));
      element.addEventListener("click", () => this.tap({ data: button.data, message_id: message.message_id }));
    }
    return element;
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.toast(`Copied: ${text}`);
    } catch {
      this.toast(text);
    }
  }
}
