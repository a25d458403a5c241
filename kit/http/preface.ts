/** The first bytes of an HTTP/2 connection, and of nothing else. Source: RFC 9113, section 3.4. */
export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
