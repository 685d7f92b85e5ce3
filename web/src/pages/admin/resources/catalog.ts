/** Products and their topics. */
import type { Link, Resource } from '../describe';
import { anyone, isAdmin, listed, nameIn, namesIn, text, writesAll } from '../describe';

const teams: Link = {
  title: 'Teams that have it',
  says: 'Their members and labs see the product, its topics and components.',
  to: 'teams',
  noun: 'teams',
  list: (id) => `/products/${id}/teams`,
  add: (id, team) => ({ method: 'POST', path: `/products/${id}/teams`, body: { team_id: team } }),
  drop: (id, team) => ({ method: 'DELETE', path: `/products/${id}/teams/${team}` }),
  may: writesAll,
  sees: writesAll,
};

export const products: Resource = {
  noun: 'products',
  one: 'product',
  title: 'Products',
  word: 'product',
  explain: 'A product is what labs test; topics are its versions. Teams must be given it.',
  commands: ['ringtest product create NAME'],
  fields: [
    { name: 'name', label: 'Name', kind: 'line', required: true },
    { name: 'label', label: 'Label', kind: 'line', help: 'Empty: the name in capitals.' },
    { name: 'description', label: 'Description', kind: 'note' },
  ],
  columns: [
    { label: 'Label', text: ({ label }) => text(label), kind: 'mono' },
    { label: 'Description', text: ({ description }) => text(description) },
    {
      label: 'Topics',
      text: ({ topics: of }) => String(namesIn(of).length),
      to: ({ id }) => `/admin/topics?product_id=${id}`,
    },
  ],
  rests: true,
  sees: anyone,
  creates: isAdmin,
  edits: isAdmin,
  archives: isAdmin,
  archive: {
    label: 'Archive',
    explain: 'The product is archived with its topics and their components. This page cannot take it back.',
  },
  links: [teams],
};

export const topics: Resource = {
  noun: 'topics',
  one: 'topic',
  title: 'Topics',
  word: 'topic',
  explain: 'A topic is a version of a product: components are published to it, and tested together.',
  commands: ['ringtest topic create NAME --product PRODUCT --type TYPE'],
  fields: [
    { name: 'name', label: 'Name', kind: 'line', required: true },
    { name: 'product_id', label: 'Product', kind: 'ref', to: 'products', required: true },
    {
      name: 'component_types',
      label: 'Component types',
      kind: 'words',
      help: 'One a line. A job takes the newest component of each.',
    },
    {
      name: 'component_types_optional',
      label: 'Optional component types',
      kind: 'words',
      help: 'Taken when there is one.',
    },
    {
      name: 'next_topic_id',
      label: 'Next topic',
      kind: 'ref',
      to: 'topics',
      none: 'None',
      help: 'What upgrades go to.',
    },
    {
      name: 'export_control',
      label: 'Cleared for export',
      kind: 'flag',
      help: 'Otherwise only teams that see what is not released have it.',
    },
    { name: 'data', label: 'Data', kind: 'json', help: 'What labs must know to use it, as JSON.' },
  ],
  columns: [
    {
      label: 'Product',
      text: ({ product }) => nameIn(product),
      to: ({ product_id }) => `/admin/products/${String(product_id)}`,
    },
    { label: 'Component types', text: ({ component_types }) => listed(component_types) ?? 'none' },
    {
      label: 'Next topic',
      text: ({ next_topic }) => nameIn(next_topic),
      to: ({ next_topic_id: next }) => (next ? `/admin/topics/${String(next)}` : null),
    },
    { label: 'Access', text: ({ export_control }) => (export_control ? 'every team that has it' : 'before release') },
    { label: 'Components', text: () => 'Components', to: ({ id }) => `/components?topic=${id}` },
  ],
  filters: [{ column: 'product_id', label: 'Product', to: 'products' }],
  rests: true,
  sees: anyone,
  creates: writesAll,
  edits: writesAll,
  archives: writesAll,
  archive: {
    label: 'Archive',
    explain: 'The topic is archived with its components. This page cannot take it back.',
  },
};
