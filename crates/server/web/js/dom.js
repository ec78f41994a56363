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

/**
 * As `replace`, but elements that are there stay and are changed: a link that is being clicked or has the
 * focus is not taken away, nor is text that is selected. What they listen to stays as it was.
 * @param {Element} parent @param {...Child} children
 */
export function renew(parent, ...children) {
  const fresh = document.createDocumentFragment();
  put(fresh, children);
  match(parent, fresh);
}

/** @param {Node} old @param {Node} fresh */
function match(old, fresh) {
  const there = [...old.childNodes], wanted = [...fresh.childNodes];
  wanted.forEach((child, index) => {
    const before = there[index];
    if (!before) old.appendChild(child);
    else if (before.nodeName !== child.nodeName) old.replaceChild(child, before);
    else if (before instanceof Element && child instanceof Element) {
      for (const { name } of [...before.attributes]) if (!child.hasAttribute(name)) before.removeAttribute(name);
      for (const { name, value } of child.attributes) {
        if (before.getAttribute(name) === value) continue;
        // As an attribute the policy of the page refuses it.
        if (name === "style") /** @type {HTMLElement} */ (before).style.cssText = value;
        else before.setAttribute(name, value);
      }
      match(before, child);
    } else if (before.nodeValue !== child.nodeValue) before.nodeValue = child.nodeValue;
  });
  for (const rest of there.slice(wanted.length)) old.removeChild(rest);
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
