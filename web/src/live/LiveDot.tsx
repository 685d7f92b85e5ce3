import { useLiveState } from './LiveProvider';

const SAYS = {
  open: 'Live: this page follows what happens',
  connecting: 'Connecting to the live feed',
  paused: 'Paused while this tab is hidden',
  lost: 'Live feed lost; trying again. What you see may be old.',
};

/** Discreet while all is well; says so in words when the feed is lost. */
export function LiveDot() {
  const state = useLiveState();
  return (
    <span className={`rt-live rt-live-${state}`} role="status" title={SAYS[state]}>
      <span className="rt-live-dot" aria-hidden="true" />
      {state === 'lost' ? 'Reconnecting…' : <span className="pf-v6-screen-reader">{SAYS[state]}</span>}
    </span>
  );
}
