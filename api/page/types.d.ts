// The types that several modules of the page share; what the service takes and answers is in service.d.ts.

import type { CustomerBody } from './service.js';

/** What an element can hold; what a condition leaves out is false, null or undefined. */
export type Child = string | number | boolean | null | undefined | Node | readonly Child[];

/** Attributes, listeners (`onclick`) and CSS custom properties. */
export type Props = {
  vars?: Record<string, string | number>;
  [listener: `on${string}`]: (event: any) => unknown;
  [attribute: string]: unknown;
};

/** Builds the element that a name such as `p.note` stands for. */
export type Builder<Elements, Other> = <Name extends string>(name: Name, ...rest: [Props, ...Child[]] | Child[]) =>
  Name extends `${infer Tag extends keyof Elements & string}.${string}` ? Elements[Tag]
    : Name extends keyof Elements ? Elements[Name] : Other;

/** The value and the label of something that can be chosen. */
export type Option = readonly [value: string, label: string];

/** A field of a form; what is not named here becomes an attribute. */
export type Field = {
  name: string;
  label: string;
  type?: string;
  options?: readonly Option[];
  hint?: string;
  when?: (values: Record<string, any>) => boolean;
  more?: boolean;
  [attribute: string]: unknown;
};

/** The label of a table's column, and whether it holds numbers. */
export type Column = readonly [label: string, isNumber?: boolean];

/** What a view works with. */
export type Context = {
  customer: CustomerBody;
  /** Where the interface has what belongs to the company. */
  base: string;
  /** Ends what the view began, once it is left. */
  signal: AbortSignal;
  mayAnalyse: boolean;
  mayOwn: boolean;
  /** The address of another view. */
  link: (...parts: (string | number)[]) => string;
  go: (...parts: (string | number)[]) => void;
  /** Shows the view anew, `renew` also what the user may do in it. */
  reload: () => unknown;
  renew: () => unknown;
};

/** What of a resource is there once its work is done. */
export type Complete<Resource> = { [Key in keyof Resource]-?: NonNullable<Resource[Key]> };
