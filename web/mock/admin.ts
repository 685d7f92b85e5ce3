/** Whatever can be administered: one shelf per resource, changed as the server changes them. */
import type { ConsentRule, Id, Lab, MachineKey, Stored } from '@/api/types';
import { before, id, product, TEAM_A, TEAM_B, topic } from './catalog.ts';
import { fits, list, ok, refuse, type Asked, type Route } from './routing.ts';

const ONE = {
  teams: 'team',
  users: 'user',
  remotecis: 'remoteci',
  feeders: 'feeder',
  products: 'product',
  topics: 'topic',
  job_definitions: 'job_definition',
  trigger_rules: 'trigger_rule',
  report_targets: 'report_target',
} as const;

type Noun = keyof typeof ONE;

export interface Shelves extends Record<Noun, Stored[]> {
  /** What belongs to a thing, by the address of the list. */
  links: Map<string, Id[]>;
  keys: Map<Id, MachineKey[]>;
  consent: Map<Id, ConsentRule[]>;
  made: number;
}

const stored = (name: string, number: number, rest: object): Stored => ({
  id: id(20, number),
  etag: `etag-${number}`,
  name,
  state: 'active',
  created_at: before(5000),
  ...rest,
});

export const NEXT_TOPIC = id(20, 8);
export const USER = id(20, 2);

export function makeStored(labs: Lab[]): Shelves {
  return {
    teams: [
      stored(TEAM_A.name, 11, { ...TEAM_A, country: null, external: false, remotecis: labs.slice(0, 1) }),
      stored(TEAM_B.name, 12, { ...TEAM_B, country: 'CZ', external: true, remotecis: labs.slice(1) }),
    ],
    users: [
      stored('jo', 2, { fullname: 'Jo Doe', email: 'jo@example.org', sso_sub: 'sub-jo', timezone: 'UTC', team: [TEAM_A] }),
    ],
    remotecis: labs.map((lab) => Object.assign(lab, { etag: `etag-${lab.name}`, data: {} }) as object as Stored),
    feeders: [stored('packages', 4, { team_id: TEAM_A.id, team: TEAM_A, data: {} })],
    products: [{ ...product, etag: 'etag-product' }],
    topics: [
      { ...topic, etag: 'etag-topic', component_types_optional: [], next_topic_id: null, data: {} },
      stored('Jinja2 3', 8, { ...topic, id: NEXT_TOPIC, name: 'Jinja2 3', next_topic_id: null, data: {} }),
    ],
    job_definitions: [
      stored('smoke', 1, { topic_id: topic.id, team_id: null, spec: { stages: { test: [{ run: 'make check' }] } } }),
    ],
    trigger_rules: [
      stored('every set', 5, { topic_id: topic.id, definition_id: id(20, 1), component_types: [] }),
    ],
    report_targets: [],
    links: new Map([[`/teams/${TEAM_A.id}/users`, [USER]]]),
    keys: new Map(),
    consent: new Map(),
    made: 0,
  };
}

const ANY = `(${Object.keys(ONE).join('|')})`;
const on = (rest: string): RegExp => new RegExp(`^/${ANY}${rest}$`);

function found({ world, params }: Asked): [Noun, Stored | undefined] {
  const noun = params[0] as Noun;
  return [noun, world.stored[noun].find((one) => one.id === params[1])];
}

const shown = (noun: Noun, one: Stored) => ok({ [ONE[noun]]: one });
const missing = (noun: Noun) => refuse(404, `${ONE[noun]} not found`);

function make({ world, params, body }: Asked) {
  const noun = params[0] as Noun;
  const shelf = world.stored;
  if (shelf[noun].some(({ name }) => name === body.name)) return refuse(409, 'name is taken');
  shelf.made += 1;
  const one = stored(String(body.name), 100 + shelf.made, body);
  shelf[noun].push(one);
  const secret = noun === 'remotecis' || noun === 'feeders' ? { api_secret: 'shown-once' } : {};
  return ok({ [ONE[noun]]: { ...one, ...secret } }, 201);
}

/** An old etag is answered as if there were no such thing, as the server does. */
function change(asked: Asked) {
  const [noun, one] = found(asked);
  if (!one || one.etag !== asked.etag) return missing(noun);
  asked.world.stored.made += 1;
  Object.assign(one, asked.body, { etag: `etag-${200 + asked.world.stored.made}` });
  return shown(noun, one);
}

function archive(asked: Asked) {
  const [noun, one] = found(asked);
  if (!one || one.etag !== asked.etag) return missing(noun);
  asked.world.stored[noun] = asked.world.stored[noun].filter((other) => other !== one);
  return { status: 204 };
}

const linked = (asked: Asked, noun: Noun, path: string) => {
  const ids = asked.world.stored.links.get(path) ?? [];
  return ok({ [noun]: asked.world.stored[noun].filter((one) => ids.includes(one.id)) });
};

const PAIRS: readonly (readonly [string, Noun])[] = [
  ['teams/[^/]+/users', 'users'],
  ['teams/[^/]+/products', 'products'],
  ['teams/[^/]+/permissions/components', 'teams'],
  ['users/[^/]+/teams', 'teams'],
  ['remotecis/[^/]+/topics', 'topics'],
  ['remotecis/[^/]+/users', 'users'],
  ['products/[^/]+/teams', 'teams'],
];

const LINK_ROUTES: Route[] = PAIRS.flatMap(([path, noun]): Route[] => [
  ['GET', new RegExp(`^(/${path})$`), (asked) => linked(asked, noun, asked.params[0] ?? '')],
  ['POST', new RegExp(`^(/${path})(?:/([^/]+))?$`), ({ world, params: [at = '', other], body }) => {
    const added = other ?? String(body.team_id ?? body.topic_id ?? (body.teams_ids as Id[])[0]);
    world.stored.links.set(at, [...(world.stored.links.get(at) ?? []), added]);
    return ok({}, 201);
  }],
  ['DELETE', new RegExp(`^(/${path})/([^/]+)$`), ({ world, params: [at = '', other] }) => {
    world.stored.links.set(at, (world.stored.links.get(at) ?? []).filter((one) => one !== other));
    return { status: 204 };
  }],
]);

export const ADMIN_ROUTES: Route[] = [
  ['GET', on('/([^/]+)/keys'), ({ world, params }) => {
    const keys = world.stored.keys.get(params[1] ?? '') ?? [];
    return ok({ keys, _meta: { count: keys.length } });
  }],
  ['PUT', on('/([^/]+)/api_secret'), (asked) => {
    const [noun, one] = found(asked);
    if (!one) return missing(noun);
    const overlap = Number(asked.body.overlap_seconds ?? 0);
    const old = overlap ? (asked.world.stored.keys.get(one.id) ?? []) : [];
    const fresh = { id: id(21, old.length + 1), created_at: before(0), retires_at: null };
    const kept = old.map((key) => ({ ...key, retires_at: before(-overlap / 60) }));
    asked.world.stored.keys.set(one.id, [fresh, ...kept]);
    return ok({ [ONE[noun]]: { ...one, api_secret: 'fresh-secret' } });
  }],
  ['GET', /^\/job_definitions\/([^/]+)\/labs$/, ({ world }) => {
    const labs = world.stored.remotecis.map(({ id: lab, name }, number) => ({
      id: lab,
      name,
      connected: number > 0,
      fits: number === 0,
      machines: [{ agent: `${name}/1`, unmet: number ? ['nic=mlx5*: it has e1000e'] : [] }],
    }));
    return ok({ matching: { text: `1 of ${labs.length} labs has nic=mlx5*, and is offline`, labs } });
  }],
  ['GET', /^\/remotecis\/([^/]+)\/consent$/, ({ world, params }) =>
    ok({ rules: world.stored.consent.get(params[0] ?? '') ?? [] })],
  ['PUT', /^\/remotecis\/([^/]+)\/consent$/, ({ world, params, body, etag }) => {
    const lab = world.stored.remotecis.find((one) => one.id === params[0]);
    if (!lab || lab.etag !== etag) return missing('remotecis');
    lab.etag = `${lab.etag}-next`;
    world.stored.consent.set(lab.id, body.rules as ConsentRule[]);
    return ok({ rules: body.rules, _meta: { etag: lab.etag } });
  }],
  ...LINK_ROUTES,
  ['GET', on(''), ({ world, params, query }) => {
    const noun = params[0] as Noun;
    return list(noun, world.stored[noun].filter((one) => fits(one, query.get('where'))), query);
  }],
  ['POST', on(''), make],
  ['GET', on('/([^/]+)'), (asked) => {
    const [noun, one] = found(asked);
    return one ? shown(noun, one) : missing(noun);
  }],
  ['PUT', on('/([^/]+)'), change],
  ['DELETE', on('/([^/]+)'), archive],
];
