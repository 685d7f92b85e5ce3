/** One file of a job by itself: what links in comments and mails lead to. */
import { useQuery } from '@tanstack/react-query';
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { Link, useParams } from 'react-router';
import { address } from '@/api/http';
import { fileQuery } from '@/api/queries/tasks';
import type { JobFile } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { Time } from '@/components/Time';
import { bytes } from '@/format/size';
import { FileText, isReadable } from '@/pages/job/FileViewer';

function Facts({ file }: { file: JobFile }) {
  return (
    <dl className="rt-facts">
      <div>
        <dt>Job</dt>
        <dd>
          <Link to={`/jobs/${file.job_id}`}>{file.job_id.slice(0, 8)}</Link>
        </dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{bytes(file.size)}</dd>
      </div>
      <div>
        <dt>Type</dt>
        <dd>
          <code>{file.mime ?? 'unknown'}</code>
        </dd>
      </div>
      <div>
        <dt>Stored</dt>
        <dd>
          <Time at={file.created_at} full />
        </dd>
      </div>
      {file.sha256 && (
        <div>
          <dt>SHA-256</dt>
          <dd>
            <code>{file.sha256.slice(0, 16)}…</code> <CopyButton text={file.sha256} label="Copy the SHA-256" />
          </dd>
        </div>
      )}
    </dl>
  );
}

export function FilePage() {
  const { id = '' } = useParams();
  return (
    <QueryView
      query={useQuery(fileQuery(id))}
      head={<PageHead title="No such file" crumbs={[['/jobs', 'Jobs']]} />}
    >
      {(file) => (
        <>
          <PageHead
            title={file.name}
            crumbs={[['/jobs', 'Jobs'], [`/jobs/${file.job_id}/files`, 'Files of the job']]}
            actions={
              <Button
                component="a"
                variant="secondary"
                href={address(`/files/${file.id}/content`)}
                download={file.name}
                icon={<DownloadIcon />}
              >
                Download
              </Button>
            }
          />
          <section className="rt-card" aria-label="Facts">
            <Facts file={file} />
          </section>
          {isReadable(file) ? (
            <FileText file={file} />
          ) : (
            <p className="rt-calm">This file is no text, or too long to show. Download it.</p>
          )}
        </>
      )}
    </QueryView>
  );
}
