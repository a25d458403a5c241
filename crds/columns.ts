import type { PrinterColumn } from './kind.ts';

/** How long ago the object was made, as every kind shows it. */
export const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'How long ago it was made.',
};

/** A condition's status. */
export const conditionColumn = (type: string, description: string): PrinterColumn => ({
  name: type,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
  description,
});

/** What is wrong, if anything is: the message of the first condition that does not hold. */
export const problem: PrinterColumn = {
  name: 'Problem',
  type: 'string',
  jsonPath: '.status.conditions[?(@.status=="False")].message',
  description: 'What is wrong with it, where, and what to do.',
};
