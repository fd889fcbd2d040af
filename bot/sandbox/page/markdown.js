// A message as One-Link's editor writes it, as DOM nodes. Nothing is ever parsed as HTML, and a link that is
// not to the web, to mail or to a phone is no link.

import { element } from "./element.js";
import { link } from "./rich_text.js";

const TOKEN = new RegExp([
  /\\(?<escaped>[^\p{L}\p{N}\s])/u,
  /`(?<code>[^`\n]+)`/u,
  /!?\[(?<label>(?:\\.|[^\]\\\n])+)\]\((?<address>[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)/u,
  /(?<strong>\*\*|__)(?=\S)(?<bold>(?:\\.|[^\\\n])+?)(?<=\S)\k<strong>/u,
  /~~(?=\S)(?<struck>(?:\\.|[^\\\n])+?)(?<=\S)~~/u,
  /(?<![\p{L}\p{N}])(?<stress>[*_])(?=\S)(?<italic>(?:\\.|[^\\\n])+?)(?<=\S)\k<stress>(?![\p{L}\p{N}])/u,
  /<?(?<url>https?:\/\/[^\s<>]*[^\s<>.,!?;:)\]*_~])>?/u,
].map((part) => part.source).join("|"), "gu");

export function markdown(text) {
  const fragment = document.createDocumentFragment();
  let quote = null;
  let pending = ""; // a block ends its line itself: the break before the next line is written only with that line
  for (const line of text.replace(/\\\n/g, "\n").trimEnd().split("\n")) {
    const quoted = /^> ?/.exec(line);
    if (quoted) {
      if (quote) quote.append("\n");
      else fragment.append(quote = element("blockquote"));
      quote.append(inline(line.slice(quoted[0].length)));
      pending = "";
      continue;
    }
    quote = null;
    const heading = /^#{1,6} +(.+)$/.exec(line);
    fragment.append(pending);
    if (heading) fragment.append(wrapped("b", heading[1]));
    else fragment.append(inline(line));
    pending = "\n";
  }
  return fragment;
}

function inline(text) {
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    fragment.append(text.slice(at, found.index), token(found.groups));
    at = found.index + found[0].length;
  }
  fragment.append(text.slice(at));
  return fragment;
}

function token({ escaped, code, label, address, bold, struck, italic, url }) {
  if (escaped) return escaped;
  if (code) return element("code", "", code);
  if (bold) return wrapped("b", bold);
  if (struck) return wrapped("s", struck);
  if (italic) return wrapped("i", italic);
  const anchor = link(address ?? url);
  anchor.append(label ? inline(label) : url);
  return anchor;
}

function wrapped(tag, text) {
  const node = element(tag);
  node.append(inline(text));
  return node;
}
