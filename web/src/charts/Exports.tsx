/** The files that every table of answers can be had as. */
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { csvOf, save, type Column } from './export';
import { pictureOf } from './picture';

interface Props {
  name: string;
  columns: () => Column[];
  json: unknown;
}

export function Exports({ name, columns, json }: Props) {
  const keep = (text: string, type: string, end: string) =>
    save(new Blob([text], { type }), `${name}.${end}`);
  const draw = async () => {
    const picture = await pictureOf(name, columns());
    if (picture) save(picture, `${name}.png`);
  };
  const files = [
    ['CSV', () => keep(csvOf(columns()), 'text/csv', 'csv')],
    ['JSON', () => keep(JSON.stringify(json, null, 2), 'application/json', 'json')],
    ['PNG', () => void draw()],
  ] as const;
  return (
    <span className="rt-exports" role="group" aria-label="The table as a file">
      {files.map(([text, onClick]) => (
        <Button key={text} variant="link" icon={<DownloadIcon />} onClick={onClick}>
          {text}
        </Button>
      ))}
    </span>
  );
}
