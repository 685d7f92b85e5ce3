/** The demo's world: one product, one topic, two labs, builds of two parts. */
import type { Component, Lab, Product, Topic } from '@/api/types';

const MINUTE = 60_000;

/** `minutes` before now, as the wire writes times. */
export function before(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString().replace('Z', '');
}

/** Ids that look like ids and are easy to tell apart in a test. */
export function id(kind: number, number: number): string {
  const tail = number.toString(16).padStart(12, '0');
  return `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${tail}`;
}

export const PRODUCT_ID = id(1, 1);
export const TOPIC_ID = id(2, 1);
export const LAB_A = id(3, 1);
export const LAB_B = id(3, 2);
export const TEAM_A = { id: id(4, 1), name: 'team-a' };
export const TEAM_B = { id: id(4, 2), name: 'team-b' };

export const topic: Topic = {
  id: TOPIC_ID,
  name: 'Jinja2 2.11',
  product_id: PRODUCT_ID,
  component_types: ['jinja2', 'markupsafe'],
  export_control: true,
  state: 'active',
  created_at: before(5000),
  product: { id: PRODUCT_ID, name: 'Jinja2' },
};

export const product: Product = {
  id: PRODUCT_ID,
  name: 'Jinja2',
  label: 'JINJA2',
  description: 'A template engine, tested by two laboratories with each build of its parts.',
  state: 'active',
  created_at: before(5000),
  topics: [topic],
};

function component(number: number, type: string, version: string, minutes: number): Component {
  return {
    id: id(5, number),
    type,
    version,
    display_name: `${type} ${version}`,
    name: null,
    canonical_project_name: type,
    topic_id: TOPIC_ID,
    team_id: null,
    uid: null,
    url: null,
    title: null,
    message: null,
    state: 'active',
    tags: ['build:ga'],
    data: {},
    released_at: before(minutes),
    created_at: before(minutes),
    updated_at: before(minutes),
  };
}

export const JINJA = component(1, 'jinja2', '2.11.3', 300);
export const MARKUP_111 = component(2, 'markupsafe', '1.1.1', 300);
export const MARKUP_201 = component(3, 'markupsafe', '2.0.1', 120);
export const MARKUP_210 = component(4, 'markupsafe', '2.1.0', 6);
export const components = [MARKUP_210, MARKUP_201, MARKUP_111, JINJA];

function lab(labId: string, name: string, team: Lab['team'], minutes: number): Lab {
  return {
    id: labId,
    name,
    state: 'active',
    team,
    team_id: team?.id ?? '',
    public: false,
    created_at: before(5000),
    last_seen_at: before(minutes),
    connected: minutes < 1,
    agent_version: '0.1.0',
    topics: [{ id: TOPIC_ID, name: topic.name }],
  };
}

export const labs: Lab[] = [
  lab(LAB_A, 'lab-a', TEAM_A, 0.1),
  lab(LAB_B, 'lab-b', TEAM_B, 0.2),
];
