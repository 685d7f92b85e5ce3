import { Modal, ModalBody, ModalHeader } from 'pf/Modal';
import { Fragment } from 'react';
import { SHORTCUTS } from '@/keys/match';

export function HelpModal({ onClose }: { onClose: () => void }) {
  const groups = [...new Set(SHORTCUTS.map((shortcut) => shortcut.group))];
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="help-title">
      <ModalHeader title="Keyboard" labelId="help-title" />
      <ModalBody>
        <dl className="rt-help">
          {groups.map((group) => (
            <Fragment key={group}>
              <h3>{group}</h3>
              {SHORTCUTS.filter((shortcut) => shortcut.group === group).map(({ keys, says }) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{says}</dd>
                </div>
              ))}
            </Fragment>
          ))}
        </dl>
      </ModalBody>
    </Modal>
  );
}
