// Numbers, dates and terms read as people write them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  bytes, counted, day, feature, index, number, sentence, separation, share, short, steadiness, time, whole, words,
} from '../lib/words.js';

describe('numbers', () => {
  test('are grouped by thousands and rounded to what is read', () => {
    assert.equal(whole(1234567.6), '1,234,568');
    assert.equal(number(1234.5678), '1,234.57');
    assert.equal(short(1234567), '1.23M');
    assert.equal(share(0.12345), '12.3%');
    assert.equal(index(0.61249), '0.612');
  });

  test('show zero as zero and what is unknown as a dash', () => {
    for (const inWords of [whole, number, short, share, index, time, day, separation, steadiness]) {
      assert.equal(inWords(null), '–');
      assert.equal(inWords(undefined), '–');
    }
    assert.equal(whole(0), '0');
    assert.equal(index(0), '0.000');
  });

  test('agree with the noun they count', () => {
    assert.equal(counted(1, 'shopper'), '1 shopper');
    assert.equal(counted(0, 'shopper'), '0 shoppers');
    assert.equal(counted(12000, 'company', 'companies'), '12,000 companies');
  });

  test('of bytes take the unit that leaves three digits', () => {
    assert.equal(bytes(0), '0 B');
    assert.equal(bytes(999), '999 B');
    assert.equal(bytes(1000), '1 kB');
    assert.equal(bytes(1_234_567), '1.23 MB');
    assert.equal(bytes(5e12), '5,000 GB');
  });
});

describe('dates', () => {
  test('stand in day, month, year', () => {
    assert.equal(time(new Date(2026, 10, 5, 9, 7)), '5 Nov 2026, 09:07');
  });

  test('without a time are the same day wherever they are read', () => {
    assert.equal(day('2026-01-01'), '1 Jan 2026');
    assert.equal(day('2026-12-31T23:59:59Z'), '31 Dec 2026');
  });
});

describe('terms', () => {
  test('become words', () => {
    assert.equal(words('unit_price'), 'Unit price');
    assert.equal(words('cant_lose_them'), "Can't lose them");
    assert.equal(sentence('over there'), 'Over there');
    assert.equal(sentence(''), '');
  });

  test('of features have names for people, a column keeps its own', () => {
    assert.equal(feature('recency'), 'Days since last purchase');
    assert.equal(feature('share of Garden'), 'share of Garden');
  });

  test('say how far groups stand apart and how steady they are', () => {
    assert.deepEqual([0.71, 0.7, 0.5, 0.25, -1].map(separation),
      ['Strongly apart', 'Clearly apart', 'Distinct, but touching', 'Blurred', 'Blurred']);
    assert.deepEqual([0.91, 0.9, 0.75, 0.5].map(steadiness), ['Very stable', 'Stable', 'Fairly stable', 'Unstable']);
  });
});
