// A scatter of shoppers as SVG: axes to choose, a log axis where the range is wide, a legend that picks a segment out.

import { choice, h, s } from './dom.js';
import { feature, number, short } from './words.js';

const EDGE = { left: 52, right: 14, top: 12, bottom: 40 };
/** How near a shopper the pointer must be, in pixels. */
const REACH = 24;
/** A log axis is for a range this wide, with half of the values in this first part of it. */
const WIDE = 40;
const CROWDED = 0.25;

/** @import { Segment } from '../service.js' */
/** @typedef {Record<string, any>} Point a shopper: its name, its segment, its features by name */
/** @typedef {Pick<Segment, 'index' | 'name'> & {median: Record<string, number>}} Group */
/** @typedef {{x: string, y: string, only: number | null}} Shown the feature of each axis, the segment picked out */
/** @typedef {(segment: Group) => Record<string, string>} Colour */
/** @typedef {ReturnType<typeof axis>} Axis */

/**
 * `points` are shoppers with a segment and numbers by name; `colour(segment)` gives its colour as CSS variables.
 * @param {{points: Point[], axes: string[], segments: Group[], colour: Colour}} how
 */
export function scatter({ points, axes, segments, colour }) {
  /** @type {Shown} */
  const shown = { x: axes[0], y: axes[axes.length - 1], only: null };
  const shuffled = scattered(points);
  const host = h('div.chart');
  const draw = () => {
    const width = host.clientWidth;
    if (width) host.replaceChildren(...plot({ points: shuffled, shown, segments, colour, width }));
  };
  const pick = (/** @type {'x' | 'y'} */ name) => {
    const turned = { onchange: () => { shown[name] = select.value; draw(); } };
    /** @type {HTMLSelectElement} */
    const select = choice(turned, axes.map((axis) => [axis, feature(axis)]), shown[name]);
    return h('label', name === 'x' ? 'Across' : 'Up', select);
  };
  /** @type {HTMLButtonElement[]} */
  const buttons = segments.map((segment) => h('button', {
    type: 'button',
    vars: colour(segment),
    'aria-pressed': 'false',
    onclick: () => {
      shown.only = shown.only === segment.index ? null : segment.index;
      buttons.forEach((button, place) => { button.ariaPressed = String(segments[place].index === shown.only); });
      draw();
    },
  }, h('span.dot', segment.index + 1), segment.name));
  const legend = h('div.legend', { role: 'group', 'aria-label': 'Pick out a segment' }, buttons);
  new ResizeObserver(draw).observe(host);
  return h('div', h('div.axes', pick('x'), pick('y')), host, legend);
}

/** @param {{points: Point[], shown: Shown, segments: Group[], colour: Colour, width: number}} how */
function plot({ points, shown, segments, colour, width }) {
  const height = Math.round(Math.min(440, Math.max(280, width * 0.5)));
  const x = axis(points.map((point) => point[shown.x]), EDGE.left, width - EDGE.right);
  const y = axis(points.map((point) => point[shown.y]), height - EDGE.bottom, EDGE.top);
  const colours = new Map(segments.map((segment) => [segment.index, colour(segment)]));
  const isFaint = (/** @type {number | null} */ index) => shown.only !== null && shown.only !== index;
  const noise = { c: 'var(--muted)' };
  const dots = points.map((point) => s(`circle.${isFaint(point.segment) ? 'faint' : 'point'}`, {
    cx: x.place(point[shown.x]), cy: y.place(point[shown.y]), r: 3.2, vars: colours.get(point.segment) ?? noise,
  }));
  const hasMedian = (/** @type {Group} */ { index, median }) => shown.x in median && shown.y in median && !isFaint(index);
  const medians = segments.filter(hasMedian).map((segment) => {
    const [left, top] = [x.place(segment.median[shown.x]), y.place(segment.median[shown.y])];
    return [s('circle.median', { cx: left, cy: top, r: 11, vars: colour(segment) }),
      s('text.name', { x: left, y: top + 4 }, segment.index + 1)];
  });
  const label = `${points.length} shoppers: ${feature(shown.x)} across, ${feature(shown.y)} up, coloured by segment.`;
  const picture = s('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': label },
    frame(x, y, width, height, shown), dots, medians);
  return [picture, ...hover(picture, points, dots, shown, segments)];
}

/** @param {Axis} x @param {Axis} y @param {number} width @param {number} height @param {Shown} shown */
function frame(x, y, width, height, shown) {
  const bottom = height - EDGE.bottom;
  const name = (/** @type {Axis} */ axis, /** @type {string} */ text) => `${text}${axis.log ? ' (log scale)' : ''}`;
  const right = width - EDGE.right;
  /** @type {(content: string, x: number, y: number, anchor: string, more?: Record<string, string>) => SVGElement} */
  const text = (content, x, y, anchor, more) => s('text', { x, y, 'text-anchor': anchor, ...more }, content);
  /** @type {(x1: number, y1: number, x2: number, y2: number) => SVGElement} */
  const grid = (x1, y1, x2, y2) => s('line.grid', { x1, y1, x2, y2 });
  const across = x.ticks.map((tick) => ({ at: x.place(tick), label: short(tick) }));
  const up = y.ticks.map((tick) => ({ at: y.place(tick), label: short(tick) }));
  return [
    up.map(({ at, label }) => [grid(EDGE.left, at, right, at), text(label, EDGE.left - 8, at + 4, 'end')]),
    across.map(({ at, label }) => [grid(at, EDGE.top, at, bottom), text(label, at, bottom + 17, 'middle')]),
    text(name(x, feature(shown.x)), right, height - 5, 'end'),
    text(name(y, feature(shown.y)), 12, EDGE.top, 'end', { transform: `rotate(-90 12 ${EDGE.top})` }),
  ];
}

/**
 * Places values between two ends of the picture, with ticks at round numbers.
 * @param {number[]} values @param {number} start @param {number} end
 */
function axis(values, start, end) {
  const sorted = values.toSorted((one, other) => one - other);
  const [least, middle, most] = [sorted[0], sorted[sorted.length >> 1], sorted[sorted.length - 1]];
  const isWide = least >= 0 && most / Math.max(least, 1) > WIDE;
  const log = isWide && middle - least < CROWDED * (most - least);
  /** @type {(value: number) => number} */
  const bend = !log ? (value) => value : least > 0 ? Math.log10 : (value) => Math.log10(1 + value);
  const [from, to] = [bend(least), bend(most)];
  const margin = (to - from || 1) * 0.03;
  const place = (/** @type {number} */ value) =>
    start + (end - start) * ((bend(value) - from + margin) / (to - from + 2 * margin || 1));
  const ticks = (log ? powers(most) : steps(least, most)).filter((tick) => tick >= least && tick <= most);
  return { place, ticks, log };
}

/** @param {number} least @param {number} most */
function steps(least, most) {
  const rough = (most - least || 1) / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5].map((factor) => factor * power).find((step) => step >= rough) ?? 10 * power;
  return Array.from({ length: 10 }, (_, index) => (Math.ceil(least / step) + index) * step);
}

/** @param {number} most */
function powers(most) {
  const decades = Array.from({ length: Math.ceil(Math.log10(most)) + 3 }, (_, power) => 10 ** (power - 2));
  return most > 1e4 ? [0, ...decades] : [0, ...decades.flatMap((power) => [power, 3 * power])];
}

/** A fixed shuffle, so that no segment hides the others behind it. @param {Point[]} points */
function scattered(points) {
  const mixed = [...points];
  let seed = 1;
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    seed = (seed * 16807) % 2147483647;
    const other = seed % (last + 1);
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

/**
 * Tells about the shopper nearest to the pointer.
 * @param {SVGSVGElement} picture @param {Point[]} points @param {SVGElement[]} dots
 * @param {Shown} shown @param {Group[]} segments
 */
function hover(picture, points, dots, shown, segments) {
  const tip = h('div.hover', { hidden: true });
  const ring = s('circle.ring', { r: 6, visibility: 'hidden' });
  /** @typedef {[x: number, y: number]} Place */
  const isFaint = (/** @type {Element} */ dot) => dot.classList.contains('faint');
  /** @type {(dot: Element) => Place} */
  const place = (dot) => [Number(dot.getAttribute('cx')), Number(dot.getAttribute('cy'))];
  const places = dots.map((dot) => (isFaint(dot) ? /** @type {Place} */ ([Infinity, Infinity]) : place(dot)));
  const hide = () => { tip.hidden = true; ring.setAttribute('visibility', 'hidden'); };
  const move = (/** @type {PointerEvent} */ event) => {
    const [left, top] = [event.offsetX, event.offsetY];
    const away = (/** @type {Place} */ [x, y]) => Math.hypot(x - left, y - top);
    const nearest = places.reduce((best, place, index) => (away(place) < away(places[best]) ? index : best), 0);
    const [x, y] = places[nearest];
    if (!(away([x, y]) < REACH)) return hide();
    const point = points[nearest];
    const name = segments.find((segment) => segment.index === point.segment)?.name ?? 'In no segment';
    const values = [...new Set([shown.x, shown.y])].map((axis) => `${feature(axis)}: ${number(point[axis])}`);
    tip.textContent = [`Shopper ${point.shopper}`, name, ...values].join('\n');
    tip.hidden = false;
    const isRight = x > picture.clientWidth / 2;
    tip.style.left = isRight ? '' : `${x + 12}px`;
    tip.style.right = isRight ? `${picture.clientWidth - x + 12}px` : '';
    tip.style.top = `${Math.max(0, y - 30)}px`;
    ring.setAttribute('cx', String(x));
    ring.setAttribute('cy', String(y));
    ring.setAttribute('visibility', 'visible');
  };
  picture.append(ring);
  picture.addEventListener('pointermove', move);
  picture.addEventListener('pointerleave', hide);
  return [tip];
}
