import type { DescMessage, DescService } from '@bufbuild/protobuf';
import { describe, expect, it } from '#kit/testing/test.ts';
import { InputBinding, OutputBinding } from '#proto/dapr/proto/components/v1/bindings_pb.js';
import { PubSub } from '#proto/dapr/proto/components/v1/pubsub_pb.js';
import { SecretStore } from '#proto/dapr/proto/components/v1/secretstore_pb.js';
import {
  QueriableStateStore,
  StateStore,
  TransactionalStateStore,
  TransactionalStoreMultiMaxSize,
} from '#proto/dapr/proto/components/v1/state_pb.js';
import { ReminderSchema } from '#proto/dapr/proto/internals/v1/reminders_pb.js';
import { ServiceInvocation } from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import {
  ListSubscriptionsRequestSchema,
  Operator,
  ResourceEventType,
} from '#proto/dapr/proto/operator/v1/operator_pb.js';
import { HostSchema, Placement, PlacementTableSchema } from '#proto/dapr/proto/placement/v1/placement_pb.js';
import {
  AppCallback,
  AppCallbackAlpha,
  AppCallbackHealthCheck,
  TopicEventRequestSchema,
} from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { EncryptRequestOptionsSchema } from '#proto/dapr/proto/runtime/v1/crypto_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { GetMetadataResponseSchema } from '#proto/dapr/proto/runtime/v1/metadata_pb.js';
import { Scheduler } from '#proto/dapr/proto/scheduler/v1/scheduler_pb.js';
import {
  CA,
  SignCertificateRequestSchema,
  SignCertificateRequest_TokenValidator as TokenValidator,
} from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import { Health } from '#proto/grpc/health/v1/health_pb.js';
import { ServerReflection } from '#proto/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '#proto/grpc/reflection/v1alpha/reflection_pb.js';
import { TaskHubSidecarService } from '#proto/orchestrator_service_pb.js';

const streaming = (service: DescService): Record<string, string> =>
  Object.fromEntries(
    service.methods.filter((m) => m.methodKind !== 'unary').map((m) => [m.name, m.methodKind.replace('_', ' ')]),
  );

const methods = (service: DescService): string => service.methods.map((m) => m.name).join(' ');

const numbers = (message: DescMessage): Record<string, number> =>
  Object.fromEntries(message.fields.map((f) => [f.name, f.number]));

describe('services that peers call by name', () => {
  it.each([
    [Dapr, 'dapr.proto.runtime.v1.Dapr', 'dapr/proto/runtime/v1/dapr'],
    [AppCallback, 'dapr.proto.runtime.v1.AppCallback', 'dapr/proto/runtime/v1/appcallback'],
    [StateStore, 'dapr.proto.components.v1.StateStore', 'dapr/proto/components/v1/state'],
    [PubSub, 'dapr.proto.components.v1.PubSub', 'dapr/proto/components/v1/pubsub'],
    [ServiceInvocation, 'dapr.proto.internals.v1.ServiceInvocation', 'dapr/proto/internals/v1/service_invocation'],
    [Operator, 'dapr.proto.operator.v1.Operator', 'dapr/proto/operator/v1/operator'],
    [Placement, 'dapr.proto.placement.v1.Placement', 'dapr/proto/placement/v1/placement'],
    [Scheduler, 'dapr.proto.scheduler.v1.Scheduler', 'dapr/proto/scheduler/v1/scheduler'],
    [CA, 'dapr.proto.sentry.v1.CA', 'dapr/proto/sentry/v1/sentry'],
    [TaskHubSidecarService, 'TaskHubSidecarService', 'orchestrator_service'],
    [Health, 'grpc.health.v1.Health', 'grpc/health/v1/health'],
    [ServerReflection, 'grpc.reflection.v1.ServerReflection', 'grpc/reflection/v1/reflection'],
    [ServerReflectionAlpha, 'grpc.reflection.v1alpha.ServerReflection', 'grpc/reflection/v1alpha/reflection'],
  ])('%#: have their full name and the file that reflection shows', (service, name, file) => {
    expect([service.typeName, service.file.name]).toEqual([name, file]);
  });
});

describe('the API of a sidecar', () => {
  it('has every method of Dapr 1.18, aliases included', () => {
    expect(Dapr.methods).toHaveLength(72);
  });

  it('streams where Dapr streams', () => {
    expect(streaming(Dapr)).toEqual({
      SubscribeTopicEventsAlpha1: 'bidi streaming',
      SubscribeActorEventsAlpha1: 'bidi streaming',
      SubscribeConfigurationAlpha1: 'server streaming',
      SubscribeConfiguration: 'server streaming',
      EncryptAlpha1: 'bidi streaming',
      DecryptAlpha1: 'bidi streaming',
    });
  });

  it('keeps the JSON names that the HTTP metadata route shows', () => {
    const names = Object.fromEntries(GetMetadataResponseSchema.fields.map((f) => [f.name, f.jsonName]));
    expect(names).toMatchObject({
      active_actors_count: 'actors',
      registered_components: 'components',
      extended_metadata: 'extended',
      http_endpoints: 'httpEndpoints',
    });
  });

  it('numbers the options of encryption with the gap that clients compiled in', () => {
    expect(numbers(EncryptRequestOptionsSchema)).toMatchObject({
      key_wrap_algorithm: 3,
      data_encryption_cipher: 10,
      decryption_key_name: 12,
    });
  });

  it('gives workflow SDKs their service', () => {
    expect(methods(TaskHubSidecarService)).toBe(
      'Hello StartInstance GetInstance WaitForInstanceStart WaitForInstanceCompletion RaiseEvent TerminateInstance ' +
        'SuspendInstance ResumeInstance PurgeInstances GetWorkItems CompleteActivityTask CompleteOrchestratorTask ' +
        'CompleteWorkflowTask RerunWorkflowFromEvent ListInstanceIDs GetInstanceHistory',
    );
    expect(streaming(TaskHubSidecarService)).toEqual({ GetWorkItems: 'server streaming' });
  });
});

describe('what a sidecar calls on an app', () => {
  it('has the stable callbacks and the older names', () => {
    expect(methods(AppCallback)).toBe(
      'OnInvoke ListTopicSubscriptions OnTopicEvent ListInputBindings OnBindingEvent OnBulkTopicEvent OnJobEvent',
    );
    expect(methods(AppCallbackAlpha)).toBe('OnBulkTopicEventAlpha1 OnJobEventAlpha1');
    expect(methods(AppCallbackHealthCheck)).toBe('HealthCheck');
  });

  it('numbers topic and data of an event in the order they were added', () => {
    expect(numbers(TopicEventRequestSchema)).toMatchObject({ topic: 6, data: 7, pubsub_name: 8, path: 9 });
  });
});

describe('pluggable components', () => {
  it('offers the services which discovery looks for', () => {
    expect(methods(StateStore)).toBe('Init Features Delete Get Set Ping BulkDelete BulkGet BulkSet');
    expect(methods(TransactionalStateStore)).toBe('Transact');
    expect(methods(QueriableStateStore)).toBe('Query');
    expect(methods(TransactionalStoreMultiMaxSize)).toBe('MultiMaxSize');
    expect(methods(PubSub)).toBe('Init Features Publish BulkPublish PullMessages Pause Resume Ping');
    expect(methods(InputBinding)).toBe('Init Read Ping');
    expect(methods(OutputBinding)).toBe('Init Invoke ListOperations Ping');
    expect(methods(SecretStore)).toBe('Init Features Get BulkGet Ping');
  });

  it('streams messages and events both ways', () => {
    expect([streaming(PubSub), streaming(InputBinding)]).toEqual([
      { PullMessages: 'bidi streaming' },
      { Read: 'bidi streaming' },
    ]);
  });
});

describe('between sidecars', () => {
  it('streams service invocation both ways and actor events one way', () => {
    expect(methods(ServiceInvocation)).toBe('CallActor CallLocal CallActorReminder CallLocalStream CallActorStream');
    expect(streaming(ServiceInvocation)).toEqual({
      CallLocalStream: 'bidi streaming',
      CallActorStream: 'server streaming',
    });
  });

  it('numbers a reminder as stored ones are', () => {
    expect(numbers(ReminderSchema)).toMatchObject({ actor_id: 1, actor_type: 2, data: 4, is_timer: 9, skip_lock: 10 });
  });
});

describe('control plane', () => {
  it('lists by unary calls and watches by server streams', () => {
    expect(Object.keys(streaming(Operator))).toEqual([
      'ComponentUpdate',
      'SubscriptionUpdate',
      'HTTPEndpointUpdate',
      'MCPServerUpdate',
      'ConfigurationUpdate',
      'ResiliencyUpdate',
      'WorkflowAccessPolicyUpdate',
    ]);
    expect(Operator.methods).toHaveLength(16);
  });

  it('numbers the namespace of a subscription list 2, and event types from 1', () => {
    expect(numbers(ListSubscriptionsRequestSchema)).toEqual({ namespace: 2 });
    expect([ResourceEventType.CREATED, ResourceEventType.UPDATED, ResourceEventType.DELETED]).toEqual([1, 2, 3]);
  });

  it('numbers a certificate request as sentry reads it', () => {
    expect(numbers(SignCertificateRequestSchema)).toEqual({
      id: 1,
      token: 2,
      trust_domain: 3,
      namespace: 4,
      certificate_signing_request: 5,
      token_validator: 6,
      jwt_audiences: 7,
    });
    const { UNKNOWN, INSECURE, KUBERNETES, JWKS } = TokenValidator;
    expect([UNKNOWN, INSECURE, KUBERNETES, JWKS]).toEqual([0, 1, 2, 3]);
  });

  it('reports to placement on one stream of acknowledgements', () => {
    expect(streaming(Placement)).toEqual({ ReportDaprStatus: 'bidi streaming' });
    expect(numbers(HostSchema)).toMatchObject({ name: 1, entities: 4, id: 5, namespace: 8, operation: 9, version: 10 });
    expect(numbers(PlacementTableSchema)).toMatchObject({ load_map: 3 });
  });

  it('watches jobs both ways and hosts one way', () => {
    expect(streaming(Scheduler)).toEqual({ WatchJobs: 'bidi streaming', WatchHosts: 'server streaming' });
    expect(Scheduler.methods).toHaveLength(8);
  });
});
