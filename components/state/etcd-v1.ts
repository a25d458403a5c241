import { defineComponent } from '#contracts/component.ts';
import { type EtcdFormat, openStateEtcd, stateEtcdSettings } from './etcd-store.ts';

export const component = defineComponent({
  type: 'state.etcd',
  versions: ['v1'],
  title: 'etcd, first version',
  description:
    'Keeps state in etcd, values as they are: so they can be read by other programs, but do not tell when they expire. Choose v2 for new stores.',
  settings: stateEtcdSettings,
  open: (settings) => openStateEtcd(settings, plain),
});

const plain: EtcdFormat = {
  encode: (value) => value,
  decode: (data) => ({ data }),
};
