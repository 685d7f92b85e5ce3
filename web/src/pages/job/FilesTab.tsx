import { useQuery } from '@tanstack/react-query';
import DownloadIcon from 'icons/download-icon';
import FileIcon from 'icons/file-icon';
import { Button } from 'pf/Button';
import { Checkbox } from 'pf/Checkbox';
import { useState } from 'react';
import { address } from '@/api/http';
import { filesQuery, zipAddress } from '@/api/queries/jobs';
import type { Id, JobFile } from '@/api/types';
import { Exports } from '@/charts/Exports';
import type { Column } from '@/charts/export';
import { Cell, DataTable, Row, TableFoot } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { bytes, plural } from '@/format/size';
import { useJob } from './context';
import { FileViewer, isReadable } from './FileViewer';

/** An address with more of them may be too long for what stands between here and the server. */
const MOST_PICKED = 150;

const sizeOf = (files: readonly JobFile[]) => files.reduce((sum, file) => sum + file.size, 0);

interface TableProps {
  files: readonly JobFile[];
  picked: ReadonlySet<string>;
  onPick: (picked: ReadonlySet<string>) => void;
}

function FileTable({ files, picked, onPick }: TableProps) {
  const [viewed, setViewed] = useState<JobFile | null>(null);
  const toggle = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    onPick(next);
  };
  return (
    <>
      <DataTable label="Files" columns={['Pick', 'Name', 'Size', 'Type', 'Attempt', 'Stored', 'Actions']}>
        {files.map((file) => (
          <Row key={file.id} id={file.id} onOpen={isReadable(file) ? () => setViewed(file) : undefined}>
            <Cell label="Pick">
              <input
                type="checkbox"
                aria-label={`Pick ${file.name}`}
                checked={picked.has(file.id)}
                onChange={() => toggle(file.id)}
              />
            </Cell>
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

interface PickerProps {
  job: Id;
  shown: readonly JobFile[];
  picked: ReadonlySet<string>;
  onPick: (picked: ReadonlySet<string>) => void;
}

/** All files of the list at once, and the picked ones as one archive. */
function Picker({ job, shown, picked, onPick }: PickerProps) {
  const chosen = shown.filter((file) => picked.has(file.id));
  const all = shown.length > 0 && chosen.length === shown.length;
  const ids = chosen.map((file) => file.id);
  const tooMany = ids.length > MOST_PICKED;
  return (
    <>
      <Checkbox
        id="pick-all"
        label="Pick all shown"
        isChecked={all}
        onChange={() => onPick(new Set(all ? [] : shown.map((file) => file.id)))}
      />
      <Button
        component={chosen.length > 0 && !tooMany ? 'a' : 'button'}
        href={zipAddress(job, ids)}
        download
        variant="secondary"
        size="sm"
        icon={<DownloadIcon />}
        isDisabled={chosen.length === 0 || tooMany}
        title={tooMany ? `At most ${MOST_PICKED} files at once` : 'The picked files in one archive'}
      >
        Download as zip
      </Button>
      <span className="rt-muted rt-small" role="status">
        {chosen.length > 0
          ? `${plural(chosen.length, 'file')} picked, ${bytes(sizeOf(chosen))}`
          : `${plural(shown.length, 'file')}, ${bytes(sizeOf(shown))}`}
      </span>
    </>
  );
}

const fileColumns = (files: readonly JobFile[]): Column[] => [
  { name: 'name', values: files.map(({ name }) => name) },
  { name: 'bytes', values: files.map(({ size }) => size) },
  { name: 'type', values: files.map(({ mime }) => mime) },
  { name: 'sha256', values: files.map(({ sha256 }) => sha256) },
  { name: 'attempt', values: files.map(({ attempt }) => attempt) },
  { name: 'stored', values: files.map(({ created_at }) => created_at) },
];

export function FilesTab() {
  const { job } = useJob();
  const query = useQuery(filesQuery(job.id));
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const q = useAddress().get('q');
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
              <SearchField param="q" label="File name contains" />
              <Picker job={job.id} shown={shown} picked={picked} onPick={setPicked} />
            </div>
            {shown.length === 0 ? (
              <p className="rt-calm">No file has this in its name.</p>
            ) : (
              <>
                <FileTable files={shown} picked={picked} onPick={setPicked} />
                <TableFoot>
                  <Exports name={`Files of ${job.name ?? job.id}`} json={shown} columns={() => fileColumns(shown)} />
                </TableFoot>
              </>
            )}
          </section>
        );
      }}
    </QueryView>
  );
}
