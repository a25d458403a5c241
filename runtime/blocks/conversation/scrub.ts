/** What is taken out of a text, the most telling first, and the word that stands for it. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\b/g, '<EMAIL_ADDRESS>'],
  [/\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/g, '<IP>'],
  [/(?<![:\w])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4})+\b/g, '<IP>'],
  [/\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b/g, '<IBAN>'],
  [/\b\d{3}-\d{2}-\d{4}\b/g, '<SSN>'],
  [/\b(?:\d{4}[ -]?){3}\d{4}\b/g, '<CREDIT_CARD>'],
  [/(?<!\w)\+?\d(?:[ ().-]{0,2}\d){8,14}(?!\w)/g, '<PHONE_NUMBER>'],
];

/** A text without what tells who a person is: addresses, numbers of phones, cards and accounts. */
export function scrub(text: string): string {
  return patterns.reduce((left, [pattern, word]) => left.replace(pattern, word), text);
}
