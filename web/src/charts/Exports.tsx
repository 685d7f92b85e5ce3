/** The two files that every table of answers can be had as. */
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { csvOf, save, type Column } from './export';

interface Props {
  name: string;
  columns: () => Column[];
  json: unknown;
}

export function Exports({ name, columns, json }: Props) {
  const keep = (text: string, type: string, end: string) =>
    save(new Blob([text], { type }), `${name}.${end}`);
  return (
    <span className="rt-exports">
      <Button
        variant="link"
        icon={<DownloadIcon />}
        onClick={() => keep(csvOf(columns()), 'text/csv', 'csv')}
      >
        CSV
      </Button>
      <Button
        variant="link"
        icon={<DownloadIcon />}
        onClick={() => keep(JSON.stringify(json, null, 2), 'application/json', 'json')}
      >
        JSON
      </Button>
    </span>
  );
}
