// The types that the page is checked against say what the OpenAPI document says.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { typesOf } from './contract.js';

/** The type that a schema becomes. @param {Record<string, unknown>} schema */
const typeOf = (schema) => typesOf({ components: { schemas: { One: schema } } }).split('export type One = ')[1].trim();

test('fields are required, absent or null as the schema has them', () => {
  const properties = { id: { $ref: '#/components/schemas/Id' }, rows: { type: ['integer', 'null'] } };
  assert.equal(typeOf({ type: 'object', properties, required: ['id'] }), '{ id: Id; rows?: number | null };');
});

test('a closed set is a union of its values', () => {
  assert.equal(typeOf({ type: 'string', enum: ['auto', 'none'] }), "'auto' | 'none';");
  assert.equal(typeOf({ oneOf: [{ type: 'string', enum: ['auto'] }, { type: 'integer' }, { type: 'null' }] }),
    "'auto' | number | null;");
});

test('lists and maps have the type of what is in them', () => {
  assert.equal(typeOf({ type: 'array', items: { type: ['string', 'null'] } }), 'Array<string | null>;');
  assert.equal(typeOf({ type: 'object', additionalProperties: { type: 'number' } }), 'Record<string, number>;');
  assert.equal(typeOf({ type: 'object' }), 'Record<string, unknown>;');
});

test('what extends another schema has both', () => {
  const more = { type: 'object', properties: { cached: { type: 'boolean' } }, required: ['cached'] };
  assert.equal(typeOf({ allOf: [{ $ref: '#/components/schemas/Row' }, more] }), 'Row & { cached: boolean };');
});
