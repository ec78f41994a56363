// @ts-check
/**
 * Fingers on a plot: one moves it in time, two zoom it. Up and down stay the page's own, which
 * `touch-action: pan-y` tells the browser.
 */

/** A finger that moved less than this has tapped. */
const TAP_PX = 8;

/**
 * @param {HTMLElement} element
 * @param {{
 *   share: (clientX: number) => number,
 *   move: (by: number) => void,
 *   zoom: (factor: number, around: number) => void,
 *   tap?: (event: PointerEvent) => void
 * }} act `share` is a place between the left (0) and the right end (1) of what is shown; `move` goes
 * by such a share; `zoom` with a factor below 1 goes nearer.
 */
export function touches(element, act) {
  /** @type {Map<number, { x: number, from: number }>} */
  const fingers = new Map();
  let moved = false;
  /** Middle and distance of the fingers. */
  const pose = () => {
    const [one, two] = [...fingers.values()].map((finger) => act.share(finger.x));
    if (one === undefined) return null;
    return two === undefined ? { middle: one, apart: null } : { middle: (one + two) / 2, apart: Math.abs(one - two) };
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    if (fingers.size === 0) moved = false;
    if (fingers.size === 2) return;
    fingers.set(event.pointerId, { x: event.clientX, from: event.clientX });
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const before = pose();
    finger.x = event.clientX;
    if (Math.abs(finger.x - finger.from) >= TAP_PX || fingers.size > 1) moved = true;
    const now = pose();
    if (!before || !now || !moved) return;
    if (before.apart !== null && now.apart !== null && before.apart > 0.01 && now.apart > 0.01) act.zoom(before.apart / now.apart, now.middle);
    if (now.middle !== before.middle) act.move(before.middle - now.middle);
  });
  const lift = (/** @type {PointerEvent} */ event, /** @type {boolean} */ isUp) => {
    if (!fingers.delete(event.pointerId)) return;
    if (isUp && fingers.size === 0 && !moved) act.tap?.(event);
  };
  element.addEventListener("pointerup", (event) => lift(event, true));
  element.addEventListener("pointercancel", (event) => lift(event, false));
}
