// A Telegram text with its entities as DOM nodes. Nothing is ever parsed as HTML.

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

export function richText(text, entities, { onCommand }) {
  // The outer one first; offsets count UTF-16 units, as JavaScript strings do.
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return part(text, 0, text.length, sorted, onCommand);
}

function part(text, from, to, entities, onCommand) {
  const fragment = document.createDocumentFragment();
  let at = from;
  for (let i = 0; i < entities.length; i++) {
    const entity = entities[i];
    const [start, end] = [Math.max(entity.offset, at), Math.min(entity.offset + entity.length, to)];
    if (start >= end) continue;
    const element = wrapper(entity, text.slice(start, end), onCommand);
    const inside = part(text, start, end, entities.slice(i + 1).filter((other) => other.offset < end), onCommand);
    element?.append(inside);
    fragment.append(text.slice(at, start), element ?? inside);
    at = end;
    // A quote and a block of code end their line themselves.
    if (["BLOCKQUOTE", "PRE"].includes(element?.tagName) && text[at] === "\n") at++;
  }
  fragment.append(text.slice(at, to));
  return fragment;
}

function wrapper(entity, covered, onCommand) {
  if (entity.type in TAGS) return document.createElement(TAGS[entity.type]);
  if (entity.type === "spoiler") {
    const spoiler = document.createElement("button");
    spoiler.type = "button";
    spoiler.className = "spoiler";
    spoiler.addEventListener("click", () => spoiler.classList.add("shown"));
    return spoiler;
  }
  if (entity.type === "bot_command") {
    const command = document.createElement("button");
    command.type = "button";
    command.className = "link";
    command.addEventListener("click", () => onCommand(covered));
    return command;
  }
  const href = {
    text_link: entity.url,
    url: covered,
    email: `mailto:${covered}`,
    phone_number: `tel:${covered}`,
  }[entity.type];
  return href ? link(href) : null;
}

export function link(href) {
  const anchor = document.createElement("a");
  let address = null;
  try {
    address = new URL(href);
  } catch {
    return anchor;
  }
  if (["http:", "https:", "mailto:", "tel:", "tg:"].includes(address.protocol)) {
    anchor.href = address.href;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
  }
  return anchor;
}
