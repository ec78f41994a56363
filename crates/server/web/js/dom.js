// @ts-check
/** Elements, made without markup in strings: no text of a file can become markup. */

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any> | null} [attributes] `onclick: f` listens; true and false switch an attribute.
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  attribute(element, attributes);
  put(element, children);
  return element;
}

/**
 * An element of a drawing.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any> | null} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function s(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  attribute(element, attributes);
  put(element, children);
  return element;
}

/** @param {Element} element @param {Record<string, any> | null | undefined} attributes */
function attribute(element, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
}

/** @param {Node} parent @param {Child[]} children */
function put(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) put(parent, child);
    else parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** @param {Element} parent @param {...Child} children */
export function replace(parent, ...children) {
  const fragment = document.createDocumentFragment();
  put(fragment, children);
  parent.replaceChildren(fragment);
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element ${id}`);
  return element;
}

/**
 * Once, after calls have ceased for `ms`.
 * @param {number} ms @param {() => void} work
 */
export function later(ms, work) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(work, ms);
  };
}

/**
 * A select with a label.
 * @param {string} label @param {[string, string][]} options value and words
 * @param {string} chosen @param {(value: string) => void} choose
 * @param {Record<string, any>} [attributes]
 */
export function select(label, options, chosen, choose, attributes) {
  const element = h("select", {
    "aria-label": label,
    ...attributes,
    onchange: () => choose(element.value),
  }, options.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
  return element;
}
