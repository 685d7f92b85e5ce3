/** Everything the fake server knows; a test makes its own. */
import type {
  ComponentFile,
  Delivery,
  FailureGroup,
  Health,
  HealthCell,
  Identity,
  JobFile,
  KnownIssue,
  Lab,
  LabRun,
  Named,
  Profile,
  Token,
} from '@/api/types';
import type { FeedEvent, LiveMove } from '@/live/feed';
import { makeStored, type Shelves } from './admin.ts';
import { JINJA, MARKUP_111, MARKUP_201, MARKUP_210, TEAM_A, before, id, labs, product, topic } from './catalog.ts';
import { makeIssues, shownGroups } from './issues.ts';
import { makeLabRuns } from './labs.ts';
import { makeJobs, setKey, type FakeJob } from './jobs.ts';
import { groups, makeDeliveries } from './triage.ts';

export interface Told {
  type: string;
  data: FeedEvent | LiveMove;
  id?: number;
}

export class World {
  readonly jobs: FakeJob[];
  readonly deliveries: Delivery[] = makeDeliveries();
  readonly labs: Lab[] = structuredClone(labs);
  readonly stored: Shelves = makeStored(this.labs);
  identity: Identity = {
    id: id(12, 1),
    name: 'admin',
    fullname: 'Administrator',
    email: null,
    timezone: 'UTC',
    is_super_admin: true,
    teams: { [TEAM_A.id]: TEAM_A },
  };
  readonly profile: Profile = {
    id: id(12, 1),
    etag: 'e'.repeat(32),
    name: 'admin',
    fullname: 'Administrator',
    email: 'admin@example.org',
    timezone: 'UTC',
    remotecis: [],
  };
  readonly labRuns: LabRun[] = makeLabRuns();
  readonly groups: FailureGroup[] = structuredClone(groups);
  issues: KnownIssue[] = makeIssues();
  /** Groups that a person made a part of another. */
  readonly merges = new Map<string, string>();
  tokens: Token[] = [];
  followed: Named[] = [];
  loggedIn = true;
  private lastEvent = 0;
  private readonly listeners = new Set<(told: Told) => void>();

  /** `bigLog`: how often the long log repeats itself; 7000 makes 5 million lines. */
  constructor({ bigLog = 2 } = {}) {
    this.jobs = makeJobs(bigLog);
  }

  makeToken(body: Pick<Token, 'name' | 'scopes' | 'expires_at'>): Token {
    const token: Token = {
      ...body,
      id: id(16, this.tokens.length + 1),
      etag: 'e'.repeat(32),
      hint: 'rt_shown',
      holder_kind: 'user',
      created_at: before(0),
      last_used_at: null,
    };
    this.tokens.unshift(token);
    return token;
  }

  listen(listener: (told: Told) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(type: FeedEvent['type'], payload: Record<string, unknown>): void {
    this.lastEvent += 1;
    const event: FeedEvent = {
      id: this.lastEvent,
      type,
      payload,
      team_id: null,
      topic_id: topic.id,
      created_at: before(0),
    };
    for (const listener of this.listeners) listener({ type, data: event, id: event.id });
  }

  move(move: LiveMove): void {
    for (const listener of this.listeners) listener({ type: 'live', data: move });
  }

  job(jobId: string): FakeJob | undefined {
    return this.jobs.find(({ job }) => job.id === jobId);
  }

  health(): Health {
    return {
      product: { id: product.id, name: product.name },
      topics: [{ id: topic.id, name: topic.name }],
      topic: { id: topic.id, name: topic.name },
      labs: this.labs.map(({ id, name, team, last_seen_at, connected }) => ({
        id,
        name,
        team: team ?? { id: '', name: '' },
        last_seen_at,
        connected,
      })),
      sets: [MARKUP_210, MARKUP_201, MARKUP_111].map((markup) => ({
        set_key: setKey(markup),
        components: [JINJA, markup].map(({ id, type, version, display_name }) => ({ id, type, version, display_name })),
        created_at: markup.created_at,
        cells: this.cells(setKey(markup)),
      })),
      groups: shownGroups(this),
    };
  }

  private cells(key: string): Record<string, HealthCell> {
    const cells: Record<string, HealthCell> = {};
    for (const { job, stages } of this.jobs) {
      if (job.set_key !== key || job.name !== 'jinja2-tests') continue;
      const failed = stages.find((stage) => stage.status === 'failed' || stage.status === 'errored');
      cells[job.remoteci_id] = {
        job_id: job.id,
        status: job.status,
        phase: job.phase,
        stage: job.stage,
        result: job.result,
        tests: job.tests,
        progress: job.progress,
        failed_stage: failed?.name ?? null,
      };
    }
    return cells;
  }

  files(): JobFile[] {
    const file = (number: number, name: string, mime: string, size: number): JobFile => ({
      id: id(7, number),
      name,
      mime,
      size,
      md5: null,
      sha256: 'ab'.repeat(32),
      attempt: 1,
      jobstate_id: null,
      job_id: id(6, 1),
      created_at: before(4),
    });
    return [
      file(1, 'junit.xml', 'application/junit', 145_000),
      file(2, 'pytest.log', 'text/plain', 38_400),
      file(3, 'core.1234.zst', 'application/zstd', 48_000_000),
    ];
  }

  componentFiles(): ComponentFile[] {
    return [
      {
        id: id(11, 1),
        name: 'package.whl',
        mime: 'application/zip',
        size: 125_000,
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        md5: null,
        created_at: before(6),
      },
    ];
  }
}
