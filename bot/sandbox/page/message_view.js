// One message as Telegram shows it: a bubble, and the buttons under it.

import { element } from "./element.js";
import { fileLink, film, picture, sound } from "./media.js";
import { link, richText } from "./rich_text.js";

const ATTACHMENTS = {
  photo: "Photo", document: "Document", voice: "Voice message", sticker: "Sticker", location: "Location",
  venue: "Location", contact: "Contact", video: "Video", video_note: "Video message", audio: "Audio", animation: "GIF",
};

export class MessageView {
  constructor({ zone, say, tap, toast, goTo }) {
    Object.assign(this, { say, tap, toast, goTo });
    this.time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  }

  // A list item; `waiting` lists the data of buttons that wait for an answer, `replied` is what this one answers.
  item(message, { waiting, heading, replied }) {
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
    bubble.append(author);
    if (replied) bubble.append(this.#quote(replied));
    bubble.append(...this.#content(message));
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

  // The message that this one answers; a tap on it goes there.
  #quote(replied) {
    const quote = element("button", "quoted");
    quote.type = "button";
    const words = replied.text || ATTACHMENTS[replied.kind] || replied.kind;
    quote.append(element("b", "", replied.from === "bot" ? "Bot" : replied.name ?? "You"), element("span", "", words.slice(0, 200)));
    quote.addEventListener("click", () => this.goTo(replied.message_id));
    return quote;
  }

  #content(message) {
    switch (message.kind) {
      case "text":
        return [];
      case "contact": {
        const { first_name: first, last_name: last, phone_number: phone } = message.contact;
        return [card("☎", [first, last].filter(Boolean).join(" "), phone)];
      }
      case "venue":
      case "location": {
        const { latitude, longitude } = message.venue?.location ?? message.location;
        const map = link(`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=17/${latitude}/${longitude}`);
        map.className = "attachment";
        map.dataset.icon = "⌖";
        map.append(
          element("b", "", message.venue?.title ?? "Location"),
          element("span", "", message.venue?.address ?? `${latitude}, ${longitude}`));
        return [map];
      }
      default:
        return [this.#file(message.kind, message[message.kind])];
    }
  }

  #file(kind, file) {
    const address = `/_sandbox/files/${encodeURIComponent(file.file_id)}`;
    const name = file.file_name ?? ATTACHMENTS[kind] ?? kind;
    switch (kind) {
      case "photo":
        return picture(address, name);
      case "sticker":
        return sticker(address, file.emoji ?? "🙂");
      case "animation":
        return file.mime_type === "image/gif" ? picture(address, name) : film(address, name, { silent: true });
      case "video":
        return film(address, name);
      case "video_note":
        return film(address, name, { className: "film round-film" });
      case "voice":
      case "audio":
        return sound(address, name);
      default:
        return fileLink(address, name, { size: file.file_size });
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
    const key = element("button", button.style ?? "", button.text);
    key.type = "button";
    if (button.copy_text) {
      key.dataset.mark = "⧉";
      key.addEventListener("click", () => this.#copy(button.copy_text));
    } else {
      key.classList.toggle("waiting", waiting.includes(button.data));
      key.addEventListener("click", () => this.tap({ data: button.data, message_id: message.message_id }));
    }
    return key;
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

function card(icon, title, line) {
  const box = element("div", "attachment");
  box.dataset.icon = icon;
  box.append(element("b", "", title), element("span", "", line));
  return box;
}

function sticker(address, emoji) {
  const image = element("img", "sticker-image");
  image.alt = emoji;
  image.addEventListener("error", () => image.replaceWith(element("div", "sticker-picture", emoji)));
  image.src = address;
  return image;
}
