import { useQuery } from '@tanstack/react-query';
import { Modal, ModalBody, ModalHeader } from 'pf/Modal';
import { requestText } from '@/api/http';
import type { JobFile } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { QueryView } from '@/components/QueryView';
import { bytes } from '@/format/size';

const LARGEST = 2 * 1024 * 1024;

/** Text that is small enough to be shown whole. */
export function isReadable({ mime, size, name }: JobFile): boolean {
  const text = /^text\/|json|xml|junit|yaml|x-sh|ansible-output/.test(mime ?? '') || /\.(log|txt|ya?ml|ini|cfg|toml)$/.test(name);
  return text && size <= LARGEST;
}

function pretty(text: string, mime: string | null): string {
  if (!mime?.includes('json')) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** What is in a file that is readable. */
export function FileText({ file }: { file: JobFile }) {
  const query = useQuery({
    queryKey: ['file', file.id, 'text'],
    queryFn: ({ signal }) => requestText(`/files/${file.id}/content`, signal),
    staleTime: Infinity,
  });
  return (
    <QueryView query={query}>
      {(text) => (
        <>
          <CopyButton text={text} label="Copy all" />
          <pre className="rt-sample rt-file">{pretty(text, file.mime)}</pre>
        </>
      )}
    </QueryView>
  );
}

export function FileViewer({ file, onClose }: { file: JobFile; onClose: () => void }) {
  return (
    <Modal isOpen variant="large" onClose={onClose} aria-labelledby="file-title">
      <ModalHeader title={file.name} labelId="file-title" description={bytes(file.size)} />
      <ModalBody>
        <FileText file={file} />
      </ModalBody>
    </Modal>
  );
}
