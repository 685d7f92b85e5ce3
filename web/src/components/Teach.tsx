/** An empty place that says what belongs there and which command puts it there. */
import { EmptyState, EmptyStateBody, EmptyStateFooter } from 'pf/EmptyState';
import type { ComponentType, ReactNode } from 'react';
import { CopyButton } from './CopyButton';

interface Props {
  title: string;
  icon?: ComponentType;
  children: ReactNode;
  commands?: readonly string[];
}

export function Teach({ title, icon, children, commands = [] }: Props) {
  return (
    <EmptyState titleText={title} icon={icon} headingLevel="h2" variant="sm">
      <EmptyStateBody>{children}</EmptyStateBody>
      {commands.length > 0 && (
        <EmptyStateFooter>
          <Commands commands={commands} />
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

export function Commands({ commands }: { commands: readonly string[] }) {
  return (
    <div className="rt-commands">
      {commands.map((command) => (
        <div key={command} className="rt-command">
          <code>{command}</code>
          <CopyButton text={command} label="Copy the command" />
        </div>
      ))}
    </div>
  );
}
