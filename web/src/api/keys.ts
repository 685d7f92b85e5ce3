/** Names of cached answers. The live feed invalidates by these prefixes. */
import type { Id } from './types';

export const keys = {
  identity: ['identity'] as const,
  products: ['products'] as const,
  topics: ['topics'] as const,
  teams: ['teams'] as const,
  health: ['health'] as const,
  jobs: ['jobs'] as const,
  job: (id: Id) => ['job', id] as const,
  stages: (id: Id) => ['job', id, 'stages'] as const,
  attempts: (id: Id) => ['job', id, 'attempts'] as const,
  results: (id: Id) => ['job', id, 'results'] as const,
  tests: (id: Id) => ['job', id, 'tests'] as const,
  files: (id: Id) => ['job', id, 'files'] as const,
  tasks: (id: Id) => ['job', id, 'tasks'] as const,
  states: (id: Id) => ['job', id, 'states'] as const,
  file: (id: Id) => ['file', id] as const,
  allJobs: ['job'] as const,
  components: ['components'] as const,
  component: (id: Id) => ['component', id] as const,
  labs: ['labs'] as const,
  profile: ['profile'] as const,
  tokens: ['tokens'] as const,
  followed: ['followed'] as const,
  deliveries: ['deliveries'] as const,
};
