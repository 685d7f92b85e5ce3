/** Tokens for scripts: made once, shown once, revoked here. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import TrashIcon from 'icons/trash-icon';
import { Alert } from 'pf/Alert';
import { useState } from 'react';
import { keys } from '@/api/keys';
import { revokeToken, tokensQuery } from '@/api/queries/account';
import type { Token } from '@/api/types';
import { ConfirmButton } from '@/components/ConfirmButton';
import { CopyButton } from '@/components/CopyButton';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { Time } from '@/components/Time';
import { TokenForm } from './TokenForm';

function TokenRow({ token }: { token: Token }) {
  const client = useQueryClient();
  return (
    <Row>
      <Cell label="Name">
        {token.name} <code className="rt-muted">{token.hint}…</code>
      </Cell>
      <Cell label="May">{token.scopes.join(', ')}</Cell>
      <Cell label="Ends">
        <Time at={token.expires_at} />
      </Cell>
      <Cell label="Last used">{token.last_used_at ? <Time at={token.last_used_at} /> : 'never'}</Cell>
      <Cell label="Actions">
        <ConfirmButton
          label="Revoke"
          icon={<TrashIcon />}
          variant="link"
          danger
          question={`Revoke the token “${token.name}”?`}
          explain="Whatever uses it is refused from now on. This cannot be taken back."
          confirm="Revoke"
          onConfirm={async () => {
            await revokeToken(token);
            await client.invalidateQueries({ queryKey: keys.tokens });
          }}
        />
      </Cell>
    </Row>
  );
}

export function TokensCard() {
  const [made, setMade] = useState<string | null>(null);
  return (
    <section className="rt-card rt-account-card" aria-labelledby="tokens">
      <h2 id="tokens">Tokens</h2>
      <p className="rt-muted">
        For scripts and tools, sent as <code>Authorization: Bearer</code> or given to the command
        line as <code>RINGTEST_TOKEN</code>. A token may never do more than you.
      </p>
      {made && (
        <Alert variant="success" isInline title="Copy it now: it is not shown again">
          <code className="rt-secret">{made}</code> <CopyButton text={made} label="Copy the token" />
        </Alert>
      )}
      <QueryView query={useQuery(tokensQuery)}>
        {(tokens) =>
          tokens.length > 0 && (
            <DataTable label="Tokens" columns={['Name', 'May', 'Ends', 'Last used', 'Actions']}>
              {tokens.map((token) => (
                <TokenRow key={token.id} token={token} />
              ))}
            </DataTable>
          )
        }
      </QueryView>
      <TokenForm onMade={setMade} />
    </section>
  );
}
