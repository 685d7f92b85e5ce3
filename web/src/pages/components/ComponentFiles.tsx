import { useQuery } from '@tanstack/react-query';
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { address } from '@/api/http';
import { componentFilesQuery } from '@/api/queries/catalog';
import type { Component } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { bytes } from '@/format/size';

export function ComponentFiles({ component }: { component: Component }) {
  const query = useQuery(componentFilesQuery(component.id));
  return (
    <QueryView query={query}>
      {(files) =>
        files.length === 0 ? (
          <p className="rt-calm">No file is attached: labs fetch this component elsewhere.</p>
        ) : (
          <DataTable label="Files" columns={['Name', 'Size', 'Type', 'SHA-256', 'Actions']}>
            {files.map((file) => (
              <Row key={file.id}>
                <Cell label="Name">{file.name}</Cell>
                <Cell label="Size">{bytes(file.size)}</Cell>
                <Cell label="Type">
                  <code>{file.mime ?? 'unknown'}</code>
                </Cell>
                <Cell label="SHA-256">
                  {file.sha256 ? (
                    <span className="rt-nowrap">
                      <code title={file.sha256}>{file.sha256.slice(0, 16)}…</code>
                      <CopyButton text={file.sha256} label="Copy the SHA-256" />
                    </span>
                  ) : (
                    '–'
                  )}
                </Cell>
                <Cell label="Actions">
                  <Button
                    component="a"
                    variant="plain"
                    href={address(`/components/${component.id}/files/${file.id}/content`)}
                    download={file.name}
                    aria-label={`Download ${file.name}`}
                    title="Download"
                    icon={<DownloadIcon />}
                  />
                </Cell>
              </Row>
            ))}
          </DataTable>
        )
      }
    </QueryView>
  );
}
