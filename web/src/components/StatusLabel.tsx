/** A status in words, colour and shape: never in colour alone. */
import BanIcon from 'icons/ban-icon';
import CheckCircleIcon from 'icons/check-circle-icon';
import ClockIcon from 'icons/clock-icon';
import ExclamationTriangleIcon from 'icons/exclamation-triangle-icon';
import InProgressIcon from 'icons/in-progress-icon';
import TimesCircleIcon from 'icons/times-circle-icon';
import { Label } from 'pf/Label';
import type { DeliveryStatus, JobStatus, StageStatus } from '@/api/types';
import { DELIVERY_LOOKS, JOB_LOOKS, STAGE_LOOKS, type Look, type Tone } from '@/format/status';

const COLOURS: Record<Tone, 'green' | 'red' | 'orange' | 'blue' | 'grey'> = {
  good: 'green',
  bad: 'red',
  warn: 'orange',
  busy: 'blue',
  quiet: 'grey',
};

export function ToneIcon({ look }: { look: Look }) {
  if (look.label === 'Queued' || look.label === 'Waiting' || look.label === 'Pending') {
    return <ClockIcon />;
  }
  switch (look.tone) {
    case 'good':
      return <CheckCircleIcon />;
    case 'bad':
      return <TimesCircleIcon />;
    case 'warn':
      return <ExclamationTriangleIcon />;
    case 'busy':
      return <InProgressIcon className="rt-spin" />;
    case 'quiet':
      return <BanIcon />;
  }
}

function LookLabel({ look, compact }: { look: Look; compact?: boolean }) {
  return (
    <Label
      color={COLOURS[look.tone]}
      icon={<ToneIcon look={look} />}
      isCompact={compact}
      title={look.hint}
    >
      {look.label}
    </Label>
  );
}

interface StatusProps {
  status: JobStatus;
  compact?: boolean;
  /** It was so once: nothing is under way. */
  past?: boolean;
}

export function StatusLabel({ status, compact, past }: StatusProps) {
  const look = JOB_LOOKS[status];
  const was: Look = past && look.tone === 'busy' ? { ...look, tone: 'good' } : look;
  return <LookLabel look={was} compact={compact} />;
}

export function StageLabel({ status }: { status: StageStatus | 'waiting' }) {
  return <LookLabel look={STAGE_LOOKS[status]} compact />;
}

export function DeliveryLabel({ status }: { status: string }) {
  const look = DELIVERY_LOOKS[status as DeliveryStatus] ?? DELIVERY_LOOKS.pending;
  return <LookLabel look={look} compact />;
}
