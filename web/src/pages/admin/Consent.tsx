/** Whose wishes to run something a lab lets in. Its own people's it always does. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { useState } from 'react';
import { consentQuery, sayConsent } from '@/api/queries/stored';
import type { ConsentAnswer, ConsentRule } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { useNotice } from '@/components/Notices';
import { QueryView } from '@/components/QueryView';
import type { PanelProps } from './describe';
import { RefName } from './RefName';
import { RefPicker } from './RefPicker';
import { useRenew } from './useActs';

const ANSWERS: Record<ConsentAnswer, string> = {
  always: 'run at once',
  ask: 'wait for an answer',
  never: 'are refused',
};

const sameScope = (one: ConsentRule, other: ConsentRule): boolean =>
  one.asker_team_id === other.asker_team_id && one.product_id === other.product_id;

/** A rule takes the place of one about the same team and product. Pure. */
export const withRule = (rules: readonly ConsentRule[], rule: ConsentRule): ConsentRule[] => [
  ...rules.filter((one) => !sameScope(one, rule)),
  rule,
];

function Scope({ rule }: { rule: ConsentRule }) {
  return (
    <>
      Wishes of {rule.asker_team_id ? <RefName to="teams" id={rule.asker_team_id} /> : 'any team'} about{' '}
      {rule.product_id ? <RefName to="products" id={rule.product_id} /> : 'any product'}{' '}
      <strong>{ANSWERS[rule.answer]}</strong>
    </>
  );
}

export function Consent({ stored, identity }: PanelProps) {
  const query = useQuery(consentQuery(stored.id));
  const renew = useRenew();
  const tell = useNotice();
  const [rule, setRule] = useState<ConsentRule>({ answer: 'ask', asker_team_id: null, product_id: null });
  // Not even administrators consent for a lab: its own people alone.
  const may = String(stored.team_id) in identity.teams;
  const say = useMutation({
    mutationFn: async ({ next, before }: { next: ConsentRule[]; before: readonly ConsentRule[] }) => {
      const etag = await sayConsent(stored, stored.etag, next);
      tell({
        text: 'Changed what the lab lets in',
        undo: async () => {
          await sayConsent(stored, etag, before);
          await renew();
        },
      });
      await renew();
    },
    onError: renew,
  });
  return (
    <section className="rt-card" aria-labelledby="consent">
      <h2 id="consent">Consent</h2>
      <p className="rt-muted rt-small">
        What other teams want to run here, and what becomes of it. The narrowest rule counts; where there is
        none, they are refused. {!may && 'Members of the lab’s team decide.'}
      </p>
      {say.error && <ErrorBox error={say.error} />}
      <QueryView query={query}>
        {(rules) => (
          <>
            {rules.length === 0 && <p className="rt-muted">No rule: other teams are refused.</p>}
            <ul className="rt-admin-links">
              {rules.map((one) => (
                <li key={`${one.asker_team_id} ${one.product_id}`}>
                  <span>
                    <Scope rule={one} />
                  </span>
                  {may && (
                    <Button
                      variant="link"
                      isInline
                      isDanger
                      isDisabled={say.isPending}
                      onClick={() => say.mutate({ next: rules.filter((other) => other !== one), before: rules })}
                    >
                      Remove
                    </Button>
                  )}
                </li>
              ))}
            </ul>
            {may && (
              <form
                className="rt-admin-add"
                aria-label="Add a rule of consent"
                onSubmit={(event) => {
                  event.preventDefault();
                  say.mutate({ next: withRule(rules, rule), before: rules });
                }}
              >
                <RefPicker
                  id="consent-team"
                  label="Whose wishes"
                  to="teams"
                  none="Any team"
                  value={rule.asker_team_id ?? ''}
                  onChange={(id) => setRule({ ...rule, asker_team_id: id || null })}
                />
                <RefPicker
                  id="consent-product"
                  label="About which product"
                  to="products"
                  none="Any product"
                  value={rule.product_id ?? ''}
                  onChange={(id) => setRule({ ...rule, product_id: id || null })}
                />
                <FormSelect
                  aria-label="What becomes of them"
                  value={rule.answer}
                  onChange={(_, answer) => setRule({ ...rule, answer: answer as ConsentAnswer })}
                >
                  {Object.entries(ANSWERS).map(([answer, says]) => (
                    <FormSelectOption key={answer} value={answer} label={says} />
                  ))}
                </FormSelect>
                <Button type="submit" variant="secondary" isDisabled={say.isPending}>
                  Add
                </Button>
              </form>
            )}
          </>
        )}
      </QueryView>
    </section>
  );
}
