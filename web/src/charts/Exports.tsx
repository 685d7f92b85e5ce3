/** The files that every table can be had as. */
import { useMutation } from '@tanstack/react-query';
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { csvOf, save, type Column } from './export';
import { pictureOf } from './picture';

interface Props {
  name: string;
  /** Of long lists, asked for when somebody wants them. */
  columns: () => Column[] | Promise<Column[]>;
  json: unknown;
}

const KINDS = ['CSV', 'JSON', 'PNG'] as const;
type Kind = (typeof KINDS)[number];

export function Exports({ name, columns, json }: Props) {
  const keep = (text: string, type: string, end: string) =>
    save(new Blob([text], { type }), `${name}.${end}`);
  const make = useMutation({
    mutationFn: async (kind: Kind) => {
      if (kind === 'CSV') keep(csvOf(await columns()), 'text/csv', 'csv');
      if (kind === 'JSON') {
        const said: unknown = typeof json === 'function' ? await (json as () => unknown)() : json;
        keep(JSON.stringify(said, null, 2), 'application/json', 'json');
      }
      if (kind === 'PNG') {
        const picture = await pictureOf(name, await columns());
        if (picture) save(picture, `${name}.png`);
      }
    },
  });
  return (
    <span className="rt-exports" role="group" aria-label="The table as a file">
      {KINDS.map((kind) => (
        <Button
          key={kind}
          variant="link"
          icon={<DownloadIcon />}
          isLoading={(make.isPending && make.variables === kind) || undefined}
          isDisabled={make.isPending}
          onClick={() => make.mutate(kind)}
        >
          {kind}
        </Button>
      ))}
      {make.isError && (
        <span className="rt-bad rt-small" role="alert">
          {make.error.message}
        </span>
      )}
    </span>
  );
}
