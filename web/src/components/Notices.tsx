/** What was just done, with a way to take it back: there until it is closed or the next one comes. */
import { useMutation } from '@tanstack/react-query';
import { Alert, AlertActionCloseButton, AlertActionLink, AlertGroup } from 'pf/Alert';
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';
import { ErrorBox } from './ErrorBox';

export interface Notice {
  text: string;
  undo: () => Promise<unknown>;
}

const Tell = createContext<(notice: Notice) => void>(() => undefined);

/** Say what was done. */
export const useNotice = () => useContext(Tell);

export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<(Notice & { at: number }) | null>(null);
  const tell = useCallback((next: Notice) => setNotice({ ...next, at: Date.now() }), []);
  return (
    <Tell.Provider value={tell}>
      {children}
      <AlertGroup isToast isLiveRegion>
        {notice && <Shown key={notice.at} notice={notice} onClose={() => setNotice(null)} />}
      </AlertGroup>
    </Tell.Provider>
  );
}

function Shown({ notice, onClose }: { notice: Notice; onClose: () => void }) {
  const undo = useMutation({ mutationFn: notice.undo, onSuccess: onClose });
  return (
    <Alert
      variant="success"
      title={notice.text}
      actionClose={<AlertActionCloseButton onClose={onClose} />}
      actionLinks={
        <AlertActionLink isDisabled={undo.isPending} onClick={() => undo.mutate()}>
          Undo
        </AlertActionLink>
      }
    >
      {undo.isError && <ErrorBox error={undo.error} />}
    </Alert>
  );
}
