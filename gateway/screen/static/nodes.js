// Small steps on the document. Text goes in as text, never as markup.

export const byId = (id) => document.getElementById(id);

export function put(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  picture.append(use);
  return picture;
}

export function setIcon(id, name) {
  const href = `#icon-${name}`;
  const use = byId(id);
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}

// Keeps the node of each key, so that a button under a finger is not replaced while it is pressed.
export function keyed(container, items, keyOf, create, update) {
  const before = new Map([...container.children].map((node) => [node.dataset.key, node]));
  const after = items.map((item) => {
    const key = String(keyOf(item));
    const node = before.get(key) || create(item);
    node.dataset.key = key;
    update(node, item);
    return node;
  });
  const same = after.length === container.children.length && after.every((node, at) => container.children[at] === node);
  if (!same) container.replaceChildren(...after);
}
