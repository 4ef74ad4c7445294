// The scatter of shoppers: places, axes, the legend, what it tells under the pointer.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

/** @import { Element } from './document.js' */
import { ResizeObserver, seen } from './document.js';
import { scatter } from '../lib/chart.js';

const WIDTH = 600;
const HEIGHT = 300;
const SEGMENTS = [
  { index: 0, name: 'Regulars', median: { recency: 10, monetary: 50 } },
  { index: 1, name: 'Lost', median: { recency: 80, monetary: 20 } },
];
const POINTS = [
  { shopper: 'a', segment: 0, recency: 0, monetary: 100 },
  { shopper: 'b', segment: 0, recency: 20, monetary: 60 },
  { shopper: 'c', segment: 1, recency: 100, monetary: 0 },
  { shopper: 'd', segment: null, recency: 50, monetary: 30 },
];

describe('the scatter', () => {
  test('waits until it has a width, and draws anew for another one', () => {
    const { chart, resize } = drawn({ width: 0 });
    assert.equal(chart.querySelectorAll('svg').length, 0);
    resize(WIDTH);
    assert.equal(svg(chart).getAttribute('viewBox'), `0 0 ${WIDTH} ${HEIGHT}`);
    resize(2 * WIDTH);
    assert.equal(svg(chart).getAttribute('viewBox'), `0 0 ${2 * WIDTH} 440`);
  });

  test('shows each shopper once, left to right and from below, in the colour of its segment', () => {
    const { chart } = drawn();
    const [a, b, d, c] = dots(chart).toSorted((one, other) => at(one)[0] - at(other)[0]);
    assert.equal(dots(chart).length, POINTS.length);
    assert(at(a)[1] < at(b)[1] && at(b)[1] < at(d)[1] && at(d)[1] < at(c)[1], 'who spent more is higher');
    assert.deepEqual([a, b, c, d].map((dot) => dot.vars['--c']), ['colour 0', 'colour 0', 'colour 1', 'var(--muted)']);
    for (const [left, top] of dots(chart).map(at)) {
      assert(left > 52 && left < WIDTH - 14 && top > 12 && top < HEIGHT - 40, 'within the axes');
    }
  });

  test('says in words what it shows', () => {
    const label = svg(drawn().chart).getAttribute('aria-label');
    assert.equal(label, '4 shoppers: Days since last purchase across, Spent up, coloured by segment.');
  });

  test('numbers the medians of segments', () => {
    const { chart } = drawn();
    assert.deepEqual(chart.querySelectorAll('text.name').map((name) => name.textContent), ['1', '2']);
  });

  test('is the same picture each time', () => {
    assert.equal(svg(drawn().chart).outerHTML, svg(drawn().chart).outerHTML);
  });

  test('can be drawn when all values are equal', () => {
    const points = POINTS.map((point) => ({ ...point, recency: 3, monetary: 0 }));
    for (const place of dots(drawn({ points }).chart).flatMap(at)) assert(Number.isFinite(place), String(place));
  });

  test('changes its axes as they are chosen', () => {
    const { chart } = drawn();
    const [across] = chart.querySelectorAll('select');
    across.value = 'monetary';
    across.does('change');
    assert.match(svg(chart).getAttribute('aria-label') ?? '', /: Spent across, Spent up,/);
  });
});

describe('an axis', () => {
  const spent = (/** @type {number[]} */ values) => values.map((monetary) => ({ ...POINTS[0], monetary }));
  const labels = (/** @type {object[]} */ points) => drawn({ points }).chart.querySelectorAll('text')
    .filter((text) => text.getAttribute('text-anchor') === 'end').map((text) => text.textContent);

  test('has ticks at round numbers within its range', () => {
    assert.deepEqual(labels(spent([3, 40, 97])).filter((label) => /^\d/.test(label)), ['20', '40', '60', '80']);
  });

  test('is logarithmic, and says so, where few values are far out', () => {
    const found = labels(spent([1, 2, 3, 4, 5, 20_000]));
    assert.deepEqual(found.filter((label) => /^\d/.test(label)), ['1', '10', '100', '1K', '10K']);
    assert(found.includes('Spent (log scale)'), found.join(', '));
  });

  test('is not logarithmic below zero, or where values are spread out', () => {
    assert(labels(spent([-5, 1, 2, 20_000])).includes('Spent'));
    assert(labels(spent([0, 900, 1000])).includes('Spent'));
  });
});

describe('the legend', () => {
  test('picks a segment out and lets it go again', () => {
    const { chart } = drawn();
    const [first, second] = chart.querySelectorAll('button');
    const pressed = () => [first, second].map((button) => button.getAttribute('aria-pressed'));
    first.does('click');
    assert.deepEqual(pressed(), ['true', 'false']);
    assert.equal(chart.querySelectorAll('circle.faint').length, 2);
    assert.equal(chart.querySelectorAll('circle.median').length, 1);
    second.does('click');
    assert.deepEqual(pressed(), ['false', 'true']);
    second.does('click');
    assert.deepEqual(pressed(), ['false', 'false']);
    assert.equal(chart.querySelectorAll('circle.faint').length, 0);
  });
});

describe('the pointer', () => {
  test('is told about the shopper nearest to it', () => {
    const { chart } = drawn();
    const [left, top] = at(dots(chart).toSorted((one, other) => at(one)[0] - at(other)[0])[0]);
    svg(chart).does('pointermove', { offsetX: left + 5, offsetY: top - 5 });
    assert.equal(tip(chart).hidden, false);
    assert.equal(tip(chart).textContent, 'Shopper a\nRegulars\nDays since last purchase: 0\nSpent: 100');
    svg(chart).does('pointerleave');
    assert.equal(tip(chart).hidden, true);
  });

  test('is told nothing where no shopper is near', () => {
    const { chart } = drawn();
    svg(chart).does('pointermove', { offsetX: WIDTH - 14, offsetY: 12 });
    assert.equal(tip(chart).hidden, true);
  });

  test('is told nothing about shoppers of a segment that was not picked', () => {
    const { chart } = drawn();
    chart.querySelectorAll('button')[1].does('click');
    const [left, top] = at(chart.querySelectorAll('circle.faint')[0]);
    svg(chart).does('pointermove', { offsetX: left, offsetY: top });
    assert.equal(tip(chart).hidden, true);
  });
});

/** Draws a scatter; `resize` gives it another width. @param {{width?: number, points?: object[]}} [how] */
function drawn({ width = WIDTH, points = POINTS } = {}) {
  const colour = (/** @type {{index: number}} */ segment) => ({ c: `colour ${segment.index}` });
  const chart = seen(scatter({ points, axes: ['recency', 'monetary'], segments: SEGMENTS, colour }));
  const observer = ResizeObserver.all.at(-1);
  const resize = (/** @type {number} */ width) => {
    seen(observer?.host).clientWidth = width;
    observer?.resized();
  };
  resize(width);
  return { chart, resize };
}

/** @param {Element} chart */
const svg = (chart) => seen(chart.querySelector('svg'));
/** @param {Element} chart */
const tip = (chart) => seen(chart.querySelector('.hover'));
/** @param {Element} chart */
const dots = (chart) => chart.querySelectorAll('circle.point');
/** @param {Element} dot */
const at = (dot) => [Number(dot.getAttribute('cx')), Number(dot.getAttribute('cy'))];
