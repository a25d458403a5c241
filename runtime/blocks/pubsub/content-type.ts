const isType = (contentType: string, wanted: string): boolean => {
  const lower = contentType.toLowerCase();
  return lower === wanted || lower.split(';', 1)[0] === wanted;
};

export const cloudEventType = 'application/cloudevents+json';

export const isCloudEvent = (contentType: string) => isType(contentType, cloudEventType);
export const isJson = (contentType: string) => isType(contentType, 'application/json');
export const isBinary = (contentType: string) => isType(contentType, 'application/octet-stream');
export const isCloudEventProtobuf = (contentType: string) => isType(contentType, 'application/cloudevents+protobuf');
export const isText = (contentType: string) => /^text\//i.test(contentType) || isType(contentType, 'application/xml');
