/** A link that leads away: only addresses of the web, since they are what somebody wrote. */
import type { ReactNode } from 'react';

/** An address that a browser may be sent to, else null. Pure. */
export function webAddress(reference: string | null | undefined): string | null {
  return reference && /^https?:\/\/[^\s]+$/i.test(reference) ? reference : null;
}

interface Props {
  to: string | null | undefined;
  /** The host of the address without it. */
  children?: ReactNode;
  label?: string;
}

/** Nothing when it is no address of the web. */
export function OutsideLink({ to, children, label }: Props) {
  const address = webAddress(to);
  if (!address) return null;
  return (
    <a href={address} target="_blank" rel="noreferrer noopener" aria-label={label}>
      {children ?? hostOf(address)}
    </a>
  );
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}
