const isType = (contentType: string, wanted: string): boolean => {
  const lower = contentType.toLowerCase();
  return lower === wanted || lower.split(';', 1)[0] === wanted;
};

/** The content type of what is wrapped. */
export const cloudEventType = 'application/cloudevents+json';

/** Already wrapped by the publisher: passed on with what it lacks filled in. */
export const isCloudEvent = (contentType: string) => isType(contentType, cloudEventType);
/** Goes into the envelope as JSON. */
export const isJson = (contentType: string) => isType(contentType, 'application/json');
/** Goes into the envelope as base64. */
export const isBinary = (contentType: string) => isType(contentType, 'application/octet-stream');
/** An event in protobuf: bytes as any other to us, as in Dapr. */
export const isCloudEventProtobuf = (contentType: string) => isType(contentType, 'application/cloudevents+protobuf');
/** Text and XML; JSON is not among it. */
export const isText = (contentType: string) => /^text\//i.test(contentType) || isType(contentType, 'application/xml');
