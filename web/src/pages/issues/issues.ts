/** Words and filters of known issues. Pure. */
import { literal } from '@/api/lists';
import type {
  Identity, IssueKind, IssueWords, KnownIssue, ListParams, Moment, Topic,
} from '@/api/types'; // prettier-ignore
import { readPlace } from '@/components/Pager';

export const KIND_WORDS: Record<IssueKind, { name: string; hint: string }> = {
  text: { name: 'Words', hint: 'Found in the title of the failure and in its own words, whatever their case.' },
  regex: { name: 'Pattern', hint: 'A pattern of RE2, searched in the same; (?i) for any case.' },
  signature: { name: 'This failure', hint: 'The failures of one group, whatever they say.' },
};

export type Standing = 'used' | 'withdrawn' | 'expired';

export const STANDINGS: Record<Standing, { name: string; hint: string }> = {
  used: { name: 'In use', hint: 'It names failures as they come' },
  withdrawn: { name: 'Withdrawn', hint: 'It rests: it names nothing and shows nowhere' },
  expired: { name: 'Expired', hint: 'Its time is over: what it named no longer counts as known' },
};

export function standingOf({ state, expired }: Pick<KnownIssue, 'state' | 'expired'>): Standing {
  if (state === 'inactive') return 'withdrawn';
  return expired ? 'expired' : 'used';
}

/** Rules of everybody are the vendor's; a team keeps its own. */
export const keepsAll = ({ is_super_admin, is_epm }: Identity): boolean => Boolean(is_super_admin || is_epm);

export const mayKeep = (identity: Identity, { team_id }: Pick<KnownIssue, 'team_id'>): boolean =>
  keepsAll(identity) || (team_id !== null && team_id in identity.teams);

const MATCHES: Record<Standing, (now: string) => string> = {
  used: (now) => `eq(state,active),or(null(expires_at),gt(expires_at,${now}))`,
  withdrawn: () => 'eq(state,inactive)',
  expired: (now) => `eq(state,active),lt(expires_at,${now})`,
};

/** The address as the API is asked; `now` decides what has expired, to the minute. */
export function toIssueParams(params: URLSearchParams, topics: readonly Topic[], now: number): ListParams {
  const parts: string[] = [];
  const standing = params.get('standing') ?? '';
  if (standing in MATCHES) {
    const minute = new Date(now).toISOString().slice(0, 16);
    parts.push(MATCHES[standing as Standing](`${minute}:00`));
  }
  const kind = params.get('kind');
  if (kind) parts.push(`eq(kind,${literal(kind)})`);
  const topic = topics.find((one) => one.id === params.get('topic'));
  if (topic) {
    parts.push(
      `or(eq(topic_id,${topic.id}),eq(product_id,${topic.product_id}),and(null(topic_id),null(product_id)))`,
    );
  }
  const q = params.get('q');
  if (q) {
    const like = literal(`%${q}%`);
    parts.push(`or(ilike(name,${like}),ilike(pattern,${like}),ilike(owner,${like}))`);
  }
  const query = parts.length ? `and(${parts.join(',')})` : undefined;
  return { ...readPlace(params), sort: '-created_at', query };
}

/** A day counts to its end, in UTC. */
export const endOf = (day: string): Moment | null => (day ? `${day}T23:59:59` : null);

export const dayOfEnd = (moment: Moment | null): string => moment?.slice(0, 10) ?? '';

export const NO_WORDS: IssueWords = {
  name: '',
  kind: 'text',
  pattern: '',
  owner: '',
  topic_id: null,
  product_id: null,
  team_id: null,
  expires_at: null,
  link: null,
  note: null,
};

/** Where a new rule begins: what the address of a failure group's link says. */
export function wordsFrom(params: URLSearchParams, owner: string): IssueWords {
  const kind = params.get('kind') ?? '';
  return {
    ...NO_WORDS,
    owner,
    name: params.get('name') ?? '',
    kind: kind in KIND_WORDS ? (kind as IssueKind) : 'text',
    pattern: params.get('pattern') ?? '',
    topic_id: params.get('topic'),
  };
}

/** Only what differs, so that nothing is looked at again for nothing. */
export function changesOf(issue: KnownIssue, words: IssueWords): Partial<IssueWords> {
  const names = (Object.keys(NO_WORDS) as (keyof IssueWords)[]).filter((name) => name !== 'team_id');
  const changed = names.filter((name) => words[name] !== issue[name]);
  return Object.fromEntries(changed.map((name) => [name, words[name]]));
}

/** The words of a rule alone, as a new one would be made of them. */
export function wordsOf(issue: KnownIssue): IssueWords {
  const names = Object.keys(NO_WORDS) as (keyof IssueWords)[];
  return Object.fromEntries(names.map((name) => [name, issue[name]])) as unknown as IssueWords;
}
