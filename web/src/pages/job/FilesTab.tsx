import { useQuery } from '@tanstack/react-query';
import DownloadIcon from 'icons/download-icon';
import FileIcon from 'icons/file-icon';
import { Button } from 'pf/Button';
import { TextInput } from 'pf/TextInput';
import { useState } from 'react';
import { address } from '@/api/http';
import { filesQuery } from '@/api/queries/jobs';
import type { JobFile } from '@/api/types';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { bytes, plural } from '@/format/size';
import { useJob } from './context';
import { FileViewer, isReadable } from './FileViewer';

function FileTable({ files }: { files: readonly JobFile[] }) {
  const [viewed, setViewed] = useState<JobFile | null>(null);
  return (
    <>
      <DataTable label="Files" columns={['Name', 'Size', 'Type', 'Attempt', 'Stored', 'Actions']}>
        {files.map((file) => (
          <Row key={file.id} id={file.id} onOpen={isReadable(file) ? () => setViewed(file) : undefined}>
            <Cell label="Name">
              {isReadable(file) ? (
                <Button variant="link" isInline onClick={() => setViewed(file)}>
                  {file.name}
                </Button>
              ) : (
                file.name
              )}
            </Cell>
            <Cell label="Size">{bytes(file.size)}</Cell>
            <Cell label="Type">
              <code>{file.mime ?? 'unknown'}</code>
            </Cell>
            <Cell label="Attempt">{file.attempt || '–'}</Cell>
            <Cell label="Stored">
              <Time at={file.created_at} />
            </Cell>
            <Cell label="Actions">
              <Button
                component="a"
                variant="plain"
                href={address(`/files/${file.id}/content`)}
                download={file.name}
                aria-label={`Download ${file.name}`}
                title="Download"
                icon={<DownloadIcon />}
              />
            </Cell>
          </Row>
        ))}
      </DataTable>
      {viewed && <FileViewer file={viewed} onClose={() => setViewed(null)} />}
    </>
  );
}

export function FilesTab() {
  const { job } = useJob();
  const query = useQuery(filesQuery(job.id));
  const [q, setQ] = useState('');
  return (
    <QueryView query={query}>
      {(files) => {
        if (files.length === 0) {
          return (
            <Teach title="No files" icon={FileIcon}>
              The job definition names what to keep, as <code>artifacts</code>; they are stored when
              the job collects.
            </Teach>
          );
        }
        const shown = files.filter((file) => file.name.toLowerCase().includes(q.toLowerCase()));
        return (
          <section aria-label="Files">
            <div className="rt-filters">
              <TextInput
                type="search"
                data-search
                aria-label="File name contains"
                placeholder="File name contains…  ( / )"
                value={q}
                onChange={(_, value) => setQ(value)}
                className="rt-field"
              />
              <span className="rt-muted rt-small">
                {plural(shown.length, 'file')},{' '}
                {bytes(shown.reduce((sum, file) => sum + file.size, 0))}
              </span>
            </div>
            <FileTable files={shown} />
          </section>
        );
      }}
    </QueryView>
  );
}
