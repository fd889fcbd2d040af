// A piece of the page. Texts are set as texts: what people wrote is never read as HTML.

export function element(tag, className = "", text = undefined) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
