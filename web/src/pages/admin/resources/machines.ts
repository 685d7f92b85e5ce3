/** Machines that speak to the server with a key: labs and feeders. */
import type { Column, Field, Filter, Link, Resource } from '../describe';
import { actsFor, anyone, hasTeam, nameIn, namesIn, text, writesAll } from '../describe';

const FIELDS: readonly Field[] = [
  { name: 'name', label: 'Name', kind: 'line', required: true },
  {
    name: 'team_id',
    label: 'Team',
    kind: 'ref',
    to: 'teams',
    own: true,
    required: true,
    help: 'Whose it is. Jobs that it ran stay with the team that it ran them for.',
  },
];

const DATA: Field = {
  name: 'data',
  label: 'Data',
  kind: 'json',
  help: 'Whatever programs of the team want to know of it, as JSON.',
};

const OF_TEAM: Filter = { column: 'team_id', label: 'Team', to: 'teams' };

const TEAM: Column = {
  label: 'Team',
  text: ({ team }) => nameIn(team),
  to: ({ team_id }) => `/admin/teams/${String(team_id)}`,
};

const topics: Link = {
  title: 'Topics',
  says: 'Published components of these topics become jobs of this lab.',
  to: 'topics',
  noun: 'topics',
  list: (id) => `/remotecis/${id}/topics`,
  add: (id, topic) => ({ method: 'POST', path: `/remotecis/${id}/topics`, body: { topic_id: topic } }),
  drop: (id, topic) => ({ method: 'DELETE', path: `/remotecis/${id}/topics/${topic}` }),
  may: (identity, { team_id }) => actsFor(identity, team_id),
  sees: anyone,
};

export const remotecis: Resource = {
  noun: 'remotecis',
  one: 'remoteci',
  title: 'Remote CIs',
  word: 'remote CI',
  explain: 'A remote CI is a lab: its agent connects with the key that is made here.',
  commands: ['ringtest lab create NAME --team TEAM'],
  fields: [
    ...FIELDS,
    {
      name: 'public',
      label: 'Public',
      kind: 'flag',
      help: 'Marked as one that other teams may know of.',
    },
    DATA,
  ],
  columns: [
    TEAM,
    { label: 'Topics', text: ({ topics: of }) => namesIn(of).join(', ') || 'none' },
    { label: 'Agent', text: ({ agent_version }) => text(agent_version) },
    { label: 'Last seen', text: ({ last_seen_at }) => text(last_seen_at), kind: 'time', sort: 'last_seen_at' },
    {
      label: 'Jobs',
      text: () => 'Jobs',
      to: ({ id }) => `/jobs?lab=${id}`,
    },
  ],
  filters: [OF_TEAM],
  rests: true,
  sees: anyone,
  creates: hasTeam,
  edits: (identity, { team_id }) => actsFor(identity, team_id),
  archives: (identity, { team_id }) => actsFor(identity, team_id),
  archive: {
    label: 'Archive',
    explain: 'Its keys end at once, and its jobs are archived with it. This page cannot take it back.',
  },
  secret: 'api_secret',
  links: [topics],
  panels: ['keys', 'consent', 'subscribers'],
};

export const feeders: Resource = {
  noun: 'feeders',
  one: 'feeder',
  title: 'Feeders',
  word: 'feeder',
  explain: 'A feeder is a program that publishes components, with a key of its own.',
  commands: ['ringtest feeder create NAME --team TEAM'],
  fields: [...FIELDS, DATA],
  columns: [TEAM, { label: 'Made', text: ({ created_at }) => created_at, kind: 'time', sort: 'created_at' }],
  filters: [OF_TEAM],
  rests: true,
  sees: hasTeam,
  creates: writesAll,
  edits: (identity, { team_id }) => actsFor(identity, team_id),
  archives: (identity, { team_id }) => actsFor(identity, team_id),
  archive: { label: 'Archive', explain: 'Its keys end at once. This page cannot take it back.' },
  secret: 'api_secret',
  panels: ['keys'],
};
