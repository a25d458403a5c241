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

/** Why a condition does not hold, with `-o wide`. */
export const messageColumn = (type: string): PrinterColumn => ({
  name: 'Message',
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].message`,
  description: `What the control plane says about "${type}".`,
  priority: 1,
});
