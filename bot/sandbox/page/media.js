// Pictures, sounds and films inside a message. What the browser cannot show becomes a link to the file.

import { element } from "./element.js";

const PICTURES = /^image\/(jpeg|png|gif|webp|bmp)$/;

// How Telegram would call this file when it is sent as something to look at.
export function kindOf(file) {
  if (file.type === "image/gif") return "animation";
  if (PICTURES.test(file.type)) return "photo";
  return file.type.startsWith("video/") ? "video" : "document";
}

export function picture(address, name, className = "picture") {
  const anchor = element("a", className);
  anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  const image = element("img");
  image.alt = name;
  image.src = address;
  image.addEventListener("error", () => anchor.replaceWith(fileLink(address, name, { icon: "▣" })));
  anchor.append(image);
  return anchor;
}

export function film(address, name, { silent = false, className = "film" } = {}) {
  const video = playing("video", address, name);
  video.className = className;
  video.playsInline = true;
  if (silent) Object.assign(video, { muted: true, loop: true, autoplay: true });
  return video;
}

export function sound(address, name) {
  return playing("audio", address, name);
}

// A file to download: its name, and its size in bytes when that is known.
export function fileLink(address, name, { size = null, icon = "↓" } = {}) {
  const anchor = element("a", "attachment");
  anchor.href = address;
  anchor.download = name;
  anchor.dataset.icon = icon;
  anchor.append(element("b", "", name), element("span", "", size === null ? "" : sizeInWords(size)));
  return anchor;
}

export function sizeInWords(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function playing(tag, address, name) {
  const player = element(tag);
  player.controls = true;
  player.preload = "metadata";
  player.ariaLabel = name;
  player.addEventListener("error", () => player.replaceWith(fileLink(address, name, { icon: "▶" })));
  player.src = address;
  return player;
}
