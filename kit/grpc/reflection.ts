import { create, type DescFile, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { grpcCode } from '#kit/errors/table.ts';
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
  ServerReflection as V1,
} from '#proto/grpc/reflection/v1/reflection_pb.js';
import {
  type ServerReflectionRequest as AlphaRequest,
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
  ServerReflection as V1Alpha,
} from '#proto/grpc/reflection/v1alpha/reflection_pb.js';
import { type Implementation, implement } from './service.ts';

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/** The reflection services v1 and v1alpha for the services of a server. Extensions are unknown to it. */
export function reflectionServices(services: readonly Implementation[]): Implementation[] {
  const registered = [...services.map(({ service }) => service), V1, V1Alpha];
  const names = [...new Set(registered.map(({ typeName }) => typeName))].sort();
  const index = indexFiles(registered.map(({ file }) => file));
  const answer = (question: ServerReflectionRequest): Answer => {
    const { case: kind, value } = question.messageRequest;
    if (kind === 'listServices') {
      return { case: 'listServicesResponse', value: { service: names.map((name) => ({ name })) } };
    }
    const file =
      kind === 'fileByFilename'
        ? index.byName.get(value)
        : kind === 'fileContainingSymbol'
          ? index.bySymbol.get(value)
          : undefined;
    if (file === undefined) return notFound(String(kind), value);
    return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: closure(file).map(bytesOf) } };
  };
  async function* serve(questions: AsyncIterable<ServerReflectionRequest>) {
    for await (const question of questions) {
      yield create(ServerReflectionResponseSchema, {
        validHost: question.host,
        originalRequest: question,
        messageResponse: answer(question),
      });
    }
  }
  return [
    implement(V1, { serverReflectionInfo: serve }),
    implement(V1Alpha, {
      async *serverReflectionInfo(questions) {
        for await (const answered of serve(asV1(questions))) yield asV1Alpha(answered);
      },
    }),
  ];
}

/** The two versions differ in their package only: their bytes are the same. */
async function* asV1(questions: AsyncIterable<AlphaRequest>): AsyncGenerator<ServerReflectionRequest> {
  for await (const question of questions) {
    yield fromBinary(ServerReflectionRequestSchema, toBinary(AlphaRequestSchema, question));
  }
}

const asV1Alpha = (answered: ServerReflectionResponse) =>
  fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, answered));

function notFound(kind: string, value: unknown): Answer {
  const errorMessage = `no answer to ${kind} ${typeof value === 'string' ? value : ''}`.trim();
  return { case: 'errorResponse', value: { errorCode: grpcCode.NOT_FOUND, errorMessage } };
}

function indexFiles(files: readonly DescFile[]) {
  const byName = new Map<string, DescFile>();
  const bySymbol = new Map<string, DescFile>();
  for (const file of files.flatMap(closure)) {
    if (byName.has(`${file.name}.proto`)) continue;
    byName.set(`${file.name}.proto`, file);
    for (const symbol of symbolsOf(file)) bySymbol.set(symbol, file);
  }
  return { byName, bySymbol };
}

function symbolsOf(file: DescFile): string[] {
  const messages = [...file.messages];
  for (const message of messages) messages.push(...message.nestedMessages);
  return [
    ...messages.flatMap((message) => [
      message.typeName,
      ...message.fields.map(({ name }) => `${message.typeName}.${name}`),
    ]),
    ...[...file.enums, ...messages.flatMap((message) => message.nestedEnums)].map(({ typeName }) => typeName),
    ...file.services.flatMap((service) => [
      service.typeName,
      ...service.methods.map(({ name }) => `${service.typeName}.${name}`),
    ]),
  ];
}

/** A file and all it imports, each once. */
function closure(file: DescFile): DescFile[] {
  const files = [file];
  for (const next of files) files.push(...next.dependencies.filter((dependency) => !files.includes(dependency)));
  return [...new Set(files)];
}

const bytesOf = (file: DescFile): Uint8Array => toBinary(FileDescriptorProtoSchema, file.proto);
