import CheckIcon from 'icons/check-icon';
import CopyIcon from 'icons/copy-icon';
import { Button } from 'pf/Button';
import { useState } from 'react';

const SHOWN_MS = 1500;

/** Copies text; without a clipboard (plain HTTP) it selects nothing and says so. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState<boolean | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
    } catch {
      setDone(false);
    }
    setTimeout(() => setDone(null), SHOWN_MS);
  };
  const says = done === null ? label : done ? 'Copied' : 'The browser does not let pages copy here';
  return (
    <Button
      variant="plain"
      size="sm"
      aria-label={says}
      title={says}
      icon={done ? <CheckIcon /> : <CopyIcon />}
      onClick={() => void copy()}
    />
  );
}
