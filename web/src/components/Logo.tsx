export function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <circle cx="16" cy="17" r="10.5" fill="none" stroke="currentColor" strokeWidth="3" opacity="0.55" />
      <circle cx="16" cy="6.5" r="4.5" className="rt-logo-good" />
      <circle cx="7" cy="22.5" r="4.5" className="rt-logo-good" />
      <circle cx="25" cy="22.5" r="4.5" className="rt-logo-bad" />
    </svg>
  );
}
