/** The components of a set: type and version, with what differs from the set before. */
import { Link } from 'react-router';
import type { ComponentRef } from '@/api/types';

export function versionOf(component: ComponentRef): string {
  return component.version || component.display_name;
}

interface Props {
  components: readonly ComponentRef[];
  /** The older set; what differs from it stands out. */
  before?: readonly ComponentRef[];
}

export function Versions({ components, before }: Props) {
  const old = new Map(before?.map((component) => [component.type, component]));
  return (
    <ul className="rt-versions">
      {[...components]
        .sort((a, b) => a.type.localeCompare(b.type))
        .map((component) => {
          const was = old.get(component.type);
          const changed = before !== undefined && was?.id !== component.id;
          return (
            <li key={component.id} className={changed ? 'rt-version rt-version-new' : 'rt-version'}>
              <Link to={`/components/${component.id}`} title={component.display_name}>
                <span className="rt-version-type">{component.type}</span>
                <span className="rt-version-number">{versionOf(component)}</span>
              </Link>
              {changed && (
                <span className="rt-version-was">{was ? `was ${versionOf(was)}` : 'new'}</span>
              )}
            </li>
          );
        })}
    </ul>
  );
}
