// @ts-check
/** The hands on a picture of days, of which one may be chosen: pointer, keys, and the width that the page has. */

/** The least width that is drawn. */
const LEAST = 260;

/**
 * @typedef {{
 *   first: number, last: number,
 *   at: (event: MouseEvent) => number | null,
 *   enter: (chosen: number) => void,
 *   draw: (chosen: number | null, width: number) => void,
 *   say: (chosen: number | null) => void,
 * }} Picture What can be chosen is a number from `first` to `last`; `at` is what lies under the pointer.
 */

/** Draws the picture, and again whenever another day is chosen. @param {HTMLElement} box @param {Picture} picture @returns {() => void} Ends it. */
export function hands(box, picture) {
  const { first, last } = picture;
  /** @type {number | null} */
  let chosen = null;
  let width = 0;
  const wide = () => Math.max(box.clientWidth, LEAST);
  const draw = () => { width = wide(); picture.draw(chosen, width); };
  const choose = (/** @type {number | null} */ to) => {
    chosen = to;
    draw();
    picture.say(chosen);
  };
  const enter = () => { if (chosen !== null) picture.enter(chosen); };
  box.addEventListener("pointermove", (event) => { const at = picture.at(event); if (at !== chosen) choose(at); });
  box.addEventListener("pointerleave", () => { if (document.activeElement !== box) choose(null); });
  box.addEventListener("click", (event) => { choose(picture.at(event)); enter(); });
  box.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: chosen === null ? last : Math.max(chosen - 1, first), ArrowRight: chosen === null ? first : Math.min(chosen + 1, last), Home: first, End: last }[event.key];
    if (to !== undefined && first <= last) choose(to);
    else if (event.key === "Enter") enter();
    else return;
    event.preventDefault();
  });
  const sized = new ResizeObserver(() => { if (wide() !== width) draw(); });
  sized.observe(box);
  draw();
  picture.say(chosen);
  return () => sized.disconnect();
}
