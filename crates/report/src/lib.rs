//! One drawing, as SVG, PNG or PDF; the event page.
