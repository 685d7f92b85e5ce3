import { Modal, ModalBody, ModalHeader } from 'pf/Modal';
import { SHORTCUTS } from '@/keys/match';

export function HelpModal({ onClose }: { onClose: () => void }) {
  const groups = [...new Set(SHORTCUTS.map((shortcut) => shortcut.group))];
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="help-title">
      <ModalHeader title="Keyboard" labelId="help-title" />
      <ModalBody>
        <div className="rt-help">
          {groups.map((group) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
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
              </dl>
            </section>
          ))}
        </div>
      </ModalBody>
    </Modal>
  );
}
