/** A button for what cannot be taken back: asks once, shows what went wrong. */
import { useMutation } from '@tanstack/react-query';
import { Button, type ButtonProps } from 'pf/Button';
import { Modal, ModalBody, ModalFooter, ModalHeader } from 'pf/Modal';
import { useState, type ReactNode } from 'react';
import { ErrorBox } from './ErrorBox';

interface Props {
  label: string;
  icon?: ReactNode;
  variant?: ButtonProps['variant'];
  question: string;
  explain: ReactNode;
  confirm: string;
  danger?: boolean;
  disabled?: boolean;
  onConfirm: () => Promise<unknown>;
}

export function ConfirmButton(props: Props) {
  const [open, setOpen] = useState(false);
  const action = useMutation({ mutationFn: props.onConfirm, onSuccess: () => setOpen(false) });
  const close = () => {
    setOpen(false);
    action.reset();
  };
  return (
    <>
      <Button
        variant={props.variant ?? 'secondary'}
        icon={props.icon}
        isDisabled={props.disabled}
        onClick={() => setOpen(true)}
      >
        {props.label}
      </Button>
      {open && (
        <Modal isOpen variant="small" onClose={close} aria-labelledby="confirm-title">
          <ModalHeader title={props.question} labelId="confirm-title" />
          <ModalBody>
            {props.explain}
            {action.isError && <ErrorBox error={action.error} />}
          </ModalBody>
          <ModalFooter>
            <Button
              variant={props.danger ? 'danger' : 'primary'}
              isLoading={action.isPending}
              isDisabled={action.isPending}
              onClick={() => action.mutate()}
            >
              {props.confirm}
            </Button>
            <Button variant="link" onClick={close}>
              Not now
            </Button>
          </ModalFooter>
        </Modal>
      )}
    </>
  );
}
