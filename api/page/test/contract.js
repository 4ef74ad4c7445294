// Turns the OpenAPI document on standard input into the types that the page is checked against:
//     datacore openapi | node api/page/test/contract.js > api/page/service.d.ts

import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const WIDTH = 120;
const HEAD = `// What the service takes and answers, from its OpenAPI document. Made by test/contract.js, not by hand.
`;

/** @typedef {Record<string, any>} Schema */

/** The types of a document's schemas. @param {{components: {schemas: Record<string, Schema>}}} document */
export const typesOf = (document) => HEAD + Object.entries(document.components.schemas)
  .map(([name, schema]) => `\nexport type ${name} = ${type(schema, '')};\n`).join('');

/** @param {Schema} schema @param {string} indent @returns {string} */
function type(schema, indent) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.allOf) return schema.allOf.map((/** @type {Schema} */ part) => type(part, indent)).join(' & ');
  if (schema.oneOf) return union(schema.oneOf.map((/** @type {Schema} */ one) => type(one, indent)));
  if (schema.enum) return union(schema.enum.map((/** @type {string} */ value) => `'${value}'`));
  const names = [schema.type ?? 'unknown'].flat();
  return union(names.map((name) => named(name, schema, indent)));
}

/** @param {string} name @param {Schema} schema @param {string} indent */
function named(name, schema, indent) {
  if (name === 'integer') return 'number';
  if (name === 'array') return `Array<${type(schema.items, indent)}>`;
  if (name !== 'object') return name;
  const { properties, additionalProperties: others } = schema;
  if (!properties) return `Record<string, ${type(others ?? {}, indent)}>`;
  return others ? `${object(schema, indent)} & Record<string, any>` : object(schema, indent);
}

/** @param {Schema} schema @param {string} indent */
function object({ properties, required = [] }, indent) {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const inside = type(schema, `${indent}  `);
    return `${name}${required.includes(name) ? '' : '?'}: ${inside}`;
  });
  const line = `{ ${fields.join('; ')} }`;
  if (line.length < WIDTH - 40 && !line.includes('\n')) return line;
  return `{\n${fields.map((field) => `${indent}  ${field};\n`).join('')}${indent}}`;
}

/** @param {string[]} names */
const union = (names) => [...new Set(names)].join(' | ');

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(typesOf(JSON.parse(await text(process.stdin))));
}
