/** What jobs do, what makes them, and who hears of it. */
import type { Filter, Resource } from '../describe';
import { actsFor, anyone, listed, text, writesAll } from '../describe';

const OF_TOPIC: Filter = { column: 'topic_id', label: 'Topic', to: 'topics' };

const SPEC = JSON.stringify(
  { stages: { test: [{ name: 'Run the tests', run: 'make check' }] }, artifacts: [] },
  null,
  2,
);

export const jobDefinitions: Resource = {
  noun: 'job_definitions',
  one: 'job_definition',
  title: 'Definitions',
  word: 'job definition',
  explain: 'A definition says what a job of a topic does: stages of steps, limits, and files to keep.',
  commands: ['ringtest definition create NAME --topic TOPIC --spec FILE'],
  fields: [
    { name: 'name', label: 'Name', kind: 'line', required: true },
    { name: 'topic_id', label: 'Topic', kind: 'ref', to: 'topics', required: true, only: 'create' },
    {
      name: 'spec',
      label: 'What a job does',
      kind: 'json',
      required: true,
      begin: SPEC,
      help: 'Jobs that wait run the changed one. The server says which field is wrong, by its place.',
    },
  ],
  columns: [
    { label: 'Whose', text: ({ team_id }) => (team_id ? 'a team’s own' : 'everybody’s') },
    { label: 'Changed', text: ({ updated_at }) => text(updated_at), kind: 'time', sort: 'updated_at' },
    { label: 'Jobs', text: () => 'Jobs', to: ({ id }) => `/jobs?where=${encodeURIComponent(`definition_id:${id}`)}` },
  ],
  filters: [OF_TOPIC],
  rests: true,
  sees: anyone,
  creates: writesAll,
  edits: (identity, { team_id }) => (team_id ? actsFor(identity, team_id) : writesAll(identity)),
  archives: (identity, { team_id }) => (team_id ? actsFor(identity, team_id) : writesAll(identity)),
  archive: {
    label: 'Archive',
    explain: 'Rules that name it make no more jobs. This page cannot take it back.',
  },
  panels: ['matching'],
};

export const triggerRules: Resource = {
  noun: 'trigger_rules',
  one: 'trigger_rule',
  title: 'Rules',
  word: 'rule',
  explain: 'A rule makes jobs: when a component of a type is published, labs of the topic run a definition.',
  commands: ['ringtest rule create NAME --topic TOPIC --definition DEFINITION'],
  fields: [
    { name: 'name', label: 'Name', kind: 'line', required: true },
    { name: 'topic_id', label: 'Topic', kind: 'ref', to: 'topics', required: true, only: 'create' },
    { name: 'definition_id', label: 'Definition', kind: 'ref', to: 'job_definitions', required: true },
    {
      name: 'component_types',
      label: 'Component types',
      kind: 'words',
      help: 'One a line. Empty: any type of the topic.',
    },
  ],
  columns: [
    { label: 'When published', text: ({ component_types }) => listed(component_types) ?? 'any type' },
    {
      label: 'Runs',
      text: () => 'Definition',
      to: ({ definition_id }) => `/admin/job_definitions/${String(definition_id)}`,
    },
  ],
  filters: [OF_TOPIC],
  rests: true,
  sees: anyone,
  creates: writesAll,
  edits: writesAll,
  archives: writesAll,
  archive: { label: 'Remove', explain: 'It makes no more jobs; those that it made stay.' },
};

export const reportTargets: Resource = {
  noun: 'report_targets',
  one: 'report_target',
  title: 'Receivers',
  word: 'receiver of reports',
  explain: 'A receiver is told, by mail or through a webhook, when jobs fail in a new way.',
  commands: ['ringtest target create NAME --channel webhook --address URL --team TEAM'],
  fields: [
    { name: 'name', label: 'Name', kind: 'line', required: true },
    {
      name: 'channel',
      label: 'How',
      kind: 'choice',
      only: 'create',
      options: [
        ['webhook', 'Webhook'],
        ['mail', 'Mail (administrators)'],
      ],
    },
    { name: 'address', label: 'Address', kind: 'line', required: true },
    { name: 'team_id', label: 'Team', kind: 'ref', to: 'teams', own: true, required: true, only: 'create' },
    { name: 'topic_id', label: 'Topic', kind: 'ref', to: 'topics', none: 'Every topic' },
    {
      name: 'secret',
      label: 'Secret',
      kind: 'secret',
      help: 'Signs what a webhook is sent. Never shown again; empty: as it is.',
    },
    {
      name: 'events',
      label: 'Hears of',
      kind: 'choices',
      begin: ['failure.grouped'],
      required: true,
      options: [
        ['failure.grouped', 'New kinds of failures'],
        ['job.finished', 'Jobs that have ended'],
        ['job.lost', 'Jobs whose agent was lost'],
        ['job.retried', 'Jobs that are tried again'],
        ['job.assigned', 'Jobs that wait in a lab'],
        ['job.claimed', 'Jobs that have begun'],
        ['component.published', 'Components'],
        ['lab.seen', 'Labs that are there again'],
      ],
    },
  ],
  columns: [
    { label: 'How', text: ({ channel }) => text(channel) },
    { label: 'Address', text: ({ address }) => text(address) },
    { label: 'Hears of', text: ({ events }) => listed(events) },
  ],
  rests: true,
  sees: anyone,
  creates: (identity) => Object.keys(identity.teams).length > 0 || writesAll(identity),
  edits: (identity, { team_id }) => actsFor(identity, team_id),
  archives: (identity, { team_id }) => actsFor(identity, team_id),
  archive: { label: 'Remove', explain: 'It is told of nothing any more.' },
};
