/** When a page itself breaks, or its code cannot be loaded after an upgrade of the server. */
import { Button } from 'pf/Button';
import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from 'pf/EmptyState';
import { useRouteError } from 'react-router';

export function RouteError() {
  const error = useRouteError();
  const text = error instanceof Error ? error.message : String(error);
  const codeMissing = /dynamically imported module|Importing a module script failed/i.test(text);
  return (
    <EmptyState titleText={codeMissing ? 'A newer version is there' : 'This page broke'} headingLevel="h1">
      <EmptyStateBody>
        {codeMissing ? 'The server was upgraded. Load the page again to go on.' : text}
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button onClick={() => window.location.reload()}>Load again</Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
