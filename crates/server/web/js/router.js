// @ts-check
/** The address holds all that is shown: a link opens the same page with the same filters. */

export const FILTERS = /** @type {const} */ ([
  "serial", "project", "location", "without", "kind", "from", "to", "min_ppv_in_s", "false_trigger", "reviewed",
  "verdict", "air_verdict", "damaged", "saturated", "has_report", "imported_since", "text", "sort",
]);

/** @typedef {Record<string, string>} Params */

/** @type {(params: Params) => void} */
let render = () => {};

/** @returns {Params} */
export const params = () => Object.fromEntries(new URLSearchParams(location.search));

/** The filters of an address and nothing else. @param {Params} [from] @returns {Params} */
export function filters(from = params()) {
  /** @type {Params} */
  const out = {};
  for (const name of FILTERS) if (from[name]) out[name] = from[name];
  return out;
}

/** @param {Record<string, string | number | null | undefined>} to */
export function address(to) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(to)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "./";
}

/**
 * @param {Record<string, string | number | null | undefined>} to
 * @param {{ replace?: boolean }} [how]
 */
export function go(to, how) {
  const url = address(to);
  if (how?.replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  render(params());
}

/** @param {(params: Params) => void} draw */
export function start(draw) {
  render = draw;
  addEventListener("popstate", () => render(params()));
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-route]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.button !== 0 || event.defaultPrevented) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    render(params());
  });
  render(params());
}
