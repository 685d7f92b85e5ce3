import BanIcon from 'icons/ban-icon';
import CheckCircleIcon from 'icons/check-circle-icon';
import ExclamationTriangleIcon from 'icons/exclamation-triangle-icon';
import InfoCircleIcon from 'icons/info-circle-icon';
import TimesCircleIcon from 'icons/times-circle-icon';
import type { Outcome } from '@/api/types';

const ICONS: Record<Outcome, [typeof BanIcon, string]> = {
  passed: [CheckCircleIcon, 'rt-good'],
  failed: [TimesCircleIcon, 'rt-bad'],
  errored: [ExclamationTriangleIcon, 'rt-warn'],
  skipped: [BanIcon, 'rt-muted'],
  xfailed: [CheckCircleIcon, 'rt-muted'],
  xpassed: [ExclamationTriangleIcon, 'rt-warn'],
  blocked: [BanIcon, 'rt-warn'],
  info: [InfoCircleIcon, 'rt-muted'],
};

/** What became of a case or one of its parts, also for those who do not see it. */
export function OutcomeIcon({ outcome }: { outcome: Outcome }) {
  const [Icon, tone] = ICONS[outcome] ?? ICONS.skipped;
  return (
    <span className={tone} title={outcome}>
      <Icon />
      <span className="pf-v6-screen-reader">{outcome}</span>
    </span>
  );
}
