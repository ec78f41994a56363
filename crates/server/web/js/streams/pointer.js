// @ts-check
/** Hands on the picture of all channels: a drag zooms, a click picks, fingers and keys move; and a line below the pointer. */

import { h } from "../dom.js";
import { touches } from "../plot/touch.js";
import { RIGHT } from "./canvas.js";

/**
 * @param {HTMLElement} over
 * @param {{
 *   left: () => number, span: (from: number, to: number) => void, move: (by: number) => void, zoom: (factor: number, around?: number) => void,
 *   whole: () => void, pick: (share: number, y: number) => void, canWiden: () => boolean
 * }} act Shares go from 0 at the left end of what is shown to 1.
 */
export function hands(over, act) {
  const cover = h("div", { class: "brush", hidden: true });
  over.append(cover);
  const plot = () => Math.max(over.clientWidth - act.left() - RIGHT, 1);
  const shareAt = (/** @type {number} */ clientX) => (clientX - over.getBoundingClientRect().left - act.left()) / plot();
  const pick = (/** @type {PointerEvent} */ event) => act.pick(shareAt(event.clientX), event.clientY - over.getBoundingClientRect().top);
  let from = /** @type {number | null} */ (null);
  over.addEventListener("pointerdown", (event) => { if (event.button === 0 && event.pointerType !== "touch") { from = shareAt(event.clientX); over.setPointerCapture(event.pointerId); } });
  const part = (/** @type {PointerEvent} */ event) => { const to = shareAt(event.clientX); return from === null ? [0, 0] : [Math.max(Math.min(from, to), 0), Math.min(Math.max(from, to), 1)]; };
  over.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const [a = 0, b = 0] = part(event);
    cover.hidden = (b - a) * plot() < 5;
    cover.style.left = `${act.left() + a * plot()}px`;
    cover.style.width = `${(b - a) * plot()}px`;
  });
  over.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [a = 0, b = 0] = part(event);
    from = null;
    cover.hidden = true;
    if ((b - a) * plot() >= 5) act.span(a, b);
    else pick(event);
  });
  over.addEventListener("pointercancel", () => { from = null; cover.hidden = true; });
  touches(over, { share: shareAt, move: act.move, zoom: act.zoom, tap: pick });
  over.addEventListener("dblclick", act.whole);
  over.addEventListener("wheel", (event) => {
    if (event.deltaY > 0 && !act.canWiden()) return;
    event.preventDefault();
    act.zoom(Math.exp(Math.max(Math.min(event.deltaY, 200), -200) / 300), shareAt(event.clientX));
  }, { passive: false });
  over.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") act.zoom(0.5);
    else if (event.key === "-") act.zoom(2);
    else if (event.key === "Home") act.whole();
    else if (event.key === "ArrowRight") act.move(0.25);
    else if (event.key === "ArrowLeft") act.move(-0.25);
    else return;
    event.preventDefault();
  });
}

/**
 * A line below the pointer over pictures whose plots begin at `left`, and what shows again what lies below a
 * pointer that rests, when the pictures are drawn anew.
 * @param {HTMLElement} over @param {() => number} left @param {(share: number | null, y: number) => void} show
 */
export function follow(over, left, show) {
  const line = h("div", { class: "cursor-line", hidden: true });
  /** Where the pointer is, on the screen. @type {{ clientX: number, clientY: number } | null} */
  let at = null;
  const again = () => {
    if (!at) return;
    const box = over.getBoundingClientRect(), plot = Math.max(over.clientWidth - left() - RIGHT, 1);
    const share = (at.clientX - box.left - left()) / plot, y = at.clientY - box.top;
    const isOver = share >= 0 && share <= 1 && y >= 0 && y <= box.height;
    line.hidden = !isOver;
    line.style.left = `${left() + share * plot}px`;
    show(isOver ? share : null, y);
  };
  over.addEventListener("pointermove", ({ clientX, clientY }) => { at = { clientX, clientY }; again(); });
  over.addEventListener("pointerleave", () => { at = null; line.hidden = true; show(null, 0); });
  return { line, again };
}
