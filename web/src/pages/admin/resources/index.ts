/** Every resource that can be administered, in the order of the tabs. */
import type { Noun, Resource } from '../describe';
import { products, topics } from './catalog';
import { feeders, remotecis } from './machines';
import { teams, users } from './people';
import { tokens } from './tokens';
import { jobDefinitions, reportTargets, triggerRules } from './work';

export const RESOURCES: readonly Resource[] = [
  teams,
  users,
  remotecis,
  feeders,
  products,
  topics,
  jobDefinitions,
  triggerRules,
  reportTargets,
  tokens,
];

export const resourceOf = (noun: Noun): Resource => {
  const found = RESOURCES.find((one) => one.noun === noun);
  if (!found) throw new Error(`nothing is called ${noun}`);
  return found;
};
