/** All that the result file says of one case: texts, other tries, steps, parameters, attachments. */
import { Fragment } from 'react';
import { Link } from 'react-router';
import type { CaseAttachment, CaseAttempt, CaseStep, Id, NamedValue, TestCase } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { OutsideLink, webAddress } from '@/components/OutsideLink';
import { plural } from '@/format/size';
import { duration } from '@/format/time';
import { parseLine } from '@/log/ansi';
import { AnsiText } from '@/log/AnsiText';
import { OutcomeIcon } from './OutcomeIcon';
import { fileNameOf, shownSteps } from './caseParts';

function Block({ title, text }: { title: string; text: string | null | undefined }) {
  if (!text) return null;
  return (
    <div>
      <h3 className="rt-part">
        {title} <CopyButton text={text} label={`Copy ${title}`} />
      </h3>
      <pre className="rt-sample">
        {text.split('\n').map((line, at) => (
          <span key={at}>
            <AnsiText pieces={parseLine(line).spans} />
            {'\n'}
          </span>
        ))}
      </pre>
    </div>
  );
}

type Texts = Partial<Record<'message' | 'detail' | 'stdout' | 'stderr', string | null>>;

function Blocks({ of }: { of: Texts }) {
  return (
    <>
      <Block title="Message" text={of.message} />
      <Block title="Detail" text={of.detail} />
      <Block title="Output" text={of.stdout} />
      <Block title="Errors" text={of.stderr} />
    </>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: readonly NamedValue[] | undefined }) {
  if (!pairs?.length) return null;
  return (
    <div>
      <h3 className="rt-part">{title}</h3>
      <dl className="rt-case-facts">
        {pairs.map(({ name, value }, at) => (
          <Fragment key={at}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
    </div>
  );
}

function StepList({ steps }: { steps: readonly CaseStep[] }) {
  return (
    <ul>
      {steps.map((step, at) => (
        <li key={at}>
          <div className="rt-step">
            <OutcomeIcon outcome={step.outcome} />
            <span>{step.name}</span>
            {step.raw_outcome && <code>{step.raw_outcome}</code>}
            {step.time !== undefined && <span className="rt-muted">{duration(step.time)}</span>}
            {step.message && <span className="rt-step-message">{step.message}</span>}
          </div>
          {step.steps && <StepList steps={step.steps} />}
        </li>
      ))}
    </ul>
  );
}

function Steps({ steps }: { steps: readonly CaseStep[] | undefined }) {
  if (!steps?.length) return null;
  const { shown, left } = shownSteps(steps);
  return (
    <div>
      <h3 className="rt-part">Steps</h3>
      <div className="rt-steps">
        <StepList steps={shown} />
      </div>
      {left > 0 && <p className="rt-small rt-muted">{plural(left, 'more step')} in the result file.</p>}
    </div>
  );
}

function Tries({ attempts }: { attempts: readonly CaseAttempt[] | undefined }) {
  if (!attempts?.length) return null;
  return (
    <div>
      <h3 className="rt-part">Other tries</h3>
      {attempts.map((one, at) => (
        <details key={at} open={attempts.length === 1}>
          <summary>
            <OutcomeIcon outcome={one.outcome} /> Try {at + 1}: {one.raw_outcome ?? one.outcome}
            {one.time !== undefined && <span className="rt-muted"> {duration(one.time)}</span>}
          </summary>
          <Blocks of={one} />
        </details>
      ))}
    </div>
  );
}

function Attachments({ jobId, files }: { jobId: Id; files: readonly CaseAttachment[] | undefined }) {
  if (!files?.length) return null;
  return (
    <div>
      <h3 className="rt-part">Attachments</h3>
      <ul className="rt-small">
        {files.map((file, at) => {
          const web = webAddress(file.reference);
          const q = encodeURIComponent(fileNameOf(file.reference) || file.name);
          return (
            <li key={at}>
              {web ? (
                <OutsideLink to={web}>{file.name}</OutsideLink>
              ) : (
                <Link to={`/jobs/${jobId}/files?q=${q}`} title={`${file.reference}: look among the job’s files`}>
                  {file.name}
                </Link>
              )}{' '}
              {file.mime && <code>{file.mime}</code>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function namesInFile({ raw_name, raw_classname, raw_outcome }: TestCase): NamedValue[] {
  return [
    { name: 'Outcome in the file', value: raw_outcome ?? '' },
    { name: 'Name in the file', value: raw_name ?? '' },
    { name: 'Class in the file', value: raw_classname ?? '' },
  ].filter(({ value }) => value !== '');
}

export function CaseDetails({ test, jobId }: { test: TestCase; jobId: Id }) {
  const { message, detail, stdout, stderr, attempts, steps, parameters, properties, attachments } = test;
  const own = namesInFile(test);
  const nothing =
    ![message, detail, stdout, stderr].some(Boolean) &&
    ![attempts, steps, parameters, properties, attachments, own].some((part) => part?.length);
  return (
    <div className="rt-test-details">
      <p className="rt-small rt-muted">
        {[test.suite, test.classname, test.type].filter(Boolean).join(' · ')}
      </p>
      <Pairs title="As the runner says" pairs={own} />
      <Pairs title="Parameters" pairs={parameters} />
      <Blocks of={test} />
      {test.cut && test.cut.length > 0 && (
        <p className="rt-small rt-warn">
          Too long to be kept whole: {test.cut.join(', ')}. The result file has all of it.
        </p>
      )}
      <Tries attempts={attempts} />
      <Steps steps={steps} />
      <Attachments jobId={jobId} files={attachments} />
      <Pairs title="Properties" pairs={properties} />
      {nothing && <p className="rt-muted">The result file says no more about this test.</p>}
    </div>
  );
}
