/** Teams and the people in them. */
import type { Link, Resource } from '../describe';
import { actsFor, anyone, isAdmin, namesIn, text, writesAll } from '../describe';

const ROLE_NOTE =
  'Members of the teams for administrators, product managers and readers hold these roles: think twice.';

const members: Link = {
  title: 'Members',
  says: 'Who acts for this team: sees its jobs, and changes its labs.',
  to: 'users',
  noun: 'users',
  list: (id) => `/teams/${id}/users`,
  add: (id, user) => ({ method: 'POST', path: `/teams/${id}/users/${user}` }),
  drop: (id, user) => ({ method: 'DELETE', path: `/teams/${id}/users/${user}` }),
  may: writesAll,
  sees: (identity, stored) => actsFor(identity, stored.id),
};

const products: Link = {
  title: 'Products',
  says: 'What this team may test: it sees their topics and components.',
  to: 'products',
  noun: 'products',
  list: (id) => `/teams/${id}/products`,
  add: (id, product) => ({ method: 'POST', path: `/products/${product}/teams`, body: { team_id: id } }),
  drop: (id, product) => ({ method: 'DELETE', path: `/products/${product}/teams/${id}` }),
  may: writesAll,
  sees: (identity, stored) => actsFor(identity, stored.id),
};

const grants: Link = {
  title: 'Components of other teams',
  says: 'Teams whose own components this team may read and download.',
  to: 'teams',
  noun: 'teams',
  list: (id) => `/teams/${id}/permissions/components`,
  add: (id, team) => ({
    method: 'POST',
    path: `/teams/${id}/permissions/components`,
    body: { teams_ids: [team] },
  }),
  drop: (id, team) => ({
    method: 'DELETE',
    path: `/teams/${id}/permissions/components`,
    body: { teams_ids: [team] },
  }),
  may: writesAll,
  sees: writesAll,
};

export const teams: Resource = {
  noun: 'teams',
  one: 'team',
  title: 'Teams',
  word: 'team',
  explain: 'Labs, jobs and results belong to teams; people see what their teams have.',
  commands: ['ringtest team create NAME --external'],
  fields: [
    { name: 'name', label: 'Name', kind: 'line', required: true },
    { name: 'country', label: 'Country', kind: 'line' },
    {
      name: 'external',
      label: 'A partner’s team',
      kind: 'flag',
      help: 'Statistics tell partners from the vendor’s own teams by this.',
    },
    {
      name: 'has_pre_release_access',
      label: 'Sees what is not released',
      kind: 'flag',
      help: 'Topics without export control are for such teams alone.',
    },
  ],
  columns: [
    { label: 'Country', text: ({ country }) => text(country) },
    { label: 'Kind', text: ({ external }) => (external ? 'partner' : 'own') },
    { label: 'Before release', text: ({ has_pre_release_access: sees }) => (sees ? 'sees it' : null) },
    {
      label: 'Labs',
      text: ({ remotecis }) => String(namesIn(remotecis).length),
      to: ({ id }) => `/admin/remotecis?team_id=${id}`,
    },
  ],
  rests: true,
  sees: anyone,
  creates: writesAll,
  edits: writesAll,
  archives: isAdmin,
  archive: {
    label: 'Archive',
    explain: 'The team is archived with its labs, jobs and files. This page cannot take it back.',
  },
  links: [members, products, grants],
};

const memberships: Link = {
  title: 'Teams',
  says: ROLE_NOTE,
  to: 'teams',
  noun: 'teams',
  list: (id) => `/users/${id}/teams`,
  add: (id, team) => ({ method: 'POST', path: `/teams/${team}/users/${id}` }),
  drop: (id, team) => ({ method: 'DELETE', path: `/teams/${team}/users/${id}` }),
  may: writesAll,
  sees: writesAll,
};

export const users: Resource = {
  noun: 'users',
  one: 'user',
  title: 'Users',
  word: 'user',
  explain: 'People log in with a name and a password, or by single sign-on. Teams decide what they see.',
  commands: ['ringtest user create NAME --email ADDRESS --team TEAM'],
  fields: [
    { name: 'name', label: 'Name to log in with', kind: 'line', help: 'Empty: the address of mail.' },
    { name: 'fullname', label: 'Full name', kind: 'line' },
    { name: 'email', label: 'E-mail', kind: 'mail' },
    {
      name: 'sso_username',
      label: 'Name at single sign-on',
      kind: 'line',
      only: 'create',
      help: 'An e-mail address or this is needed.',
    },
    {
      name: 'password',
      label: 'Password',
      kind: 'secret',
      help: 'Empty: as it is, or none. A changed one ends the person’s sessions and tokens.',
    },
    { name: 'timezone', label: 'Time zone', kind: 'line', begin: 'UTC', required: true },
  ],
  columns: [
    { label: 'Full name', text: ({ fullname }) => text(fullname), sort: 'fullname' },
    {
      label: 'E-mail',
      text: ({ email, sso_username }) => text(email) ?? text(sso_username),
      sort: 'email',
    },
    { label: 'Teams', text: ({ team }) => namesIn(team).join(', ') || 'none' },
  ],
  rests: true,
  // the server forgets the link to single sign-on when it is not said again
  kept: ['sso_sub'],
  sees: writesAll,
  creates: writesAll,
  edits: isAdmin,
  archives: isAdmin,
  archive: {
    label: 'Archive',
    explain: 'The person cannot log in any more, and its tokens end. This page cannot take it back.',
  },
  links: [memberships],
};
