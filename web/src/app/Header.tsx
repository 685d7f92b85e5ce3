import { useQueryClient } from '@tanstack/react-query';
import AdjustIcon from 'icons/adjust-icon';
import KeyboardIcon from 'icons/keyboard-icon';
import MoonIcon from 'icons/moon-icon';
import SignOutAltIcon from 'icons/sign-out-alt-icon';
import SunIcon from 'icons/sun-icon';
import UserIcon from 'icons/user-icon';
import { Button } from 'pf/Button';
import { Link, NavLink, useNavigate } from 'react-router';
import { logOut } from '@/api/queries/identity';
import type { Identity } from '@/api/types';
import { Logo } from '@/components/Logo';
import { useActiveInView } from '@/components/useActiveInView';
import { LiveDot } from '@/live/LiveDot';
import { chooseTheme, useTheme, type ThemeChoice } from './theme';

const PAGES = [
  ['/products', 'Products'],
  ['/jobs', 'Jobs'],
  ['/answers', 'Answers'],
  ['/issues', 'Known issues'],
  ['/components', 'Components'],
  ['/labs', 'Labs'],
  ['/reports', 'Reports'],
  ['/admin', 'Administration'],
] as const;

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
const THEME_ICONS = { system: AdjustIcon, light: SunIcon, dark: MoonIcon };
const THEME_NAMES = { system: 'as the system', light: 'light', dark: 'dark' };

function ThemeButton() {
  const choice = useTheme();
  const Icon = THEME_ICONS[choice];
  const text = `Colours: ${THEME_NAMES[choice]}. Change to ${THEME_NAMES[NEXT[choice]]}`;
  return (
    <Button
      variant="plain"
      aria-label={text}
      title={text}
      icon={<Icon />}
      onClick={() => chooseTheme(NEXT[choice])}
    />
  );
}

interface Props {
  identity: Identity;
  onHelp: () => void;
}

export function Header({ identity, onHelp }: Props) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const bar = useActiveInView();
  const leave = async () => {
    await logOut().catch(() => undefined);
    await navigate('/login');
    client.clear();
  };
  const name = identity.fullname ?? identity.name ?? '';
  return (
    <header className="rt-header">
      <Link to="/products" className="rt-brand" aria-label="Ringtest, to the products">
        <Logo />
        <span>Ringtest</span>
      </Link>
      <nav className="rt-nav" aria-label="Pages" ref={bar}>
        {PAGES.map(([to, text]) => (
          <NavLink key={to} to={to}>
            {text}
          </NavLink>
        ))}
      </nav>
      <div className="rt-header-tools">
        <LiveDot />
        <ThemeButton />
        <Button
          variant="plain"
          className="rt-wide-only"
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts (?)"
          icon={<KeyboardIcon />}
          onClick={onHelp}
        />
        <NavLink
          to="/account"
          className="rt-user"
          title="Profile, tokens and mail"
          aria-label={`Account of ${name}`}
        >
          <UserIcon className="rt-narrow-only" />
          <span className="rt-wide-only">{name}</span>
        </NavLink>
        <Button
          variant="plain"
          aria-label={`Log out ${name}`}
          title="Log out"
          icon={<SignOutAltIcon />}
          onClick={() => void leave()}
        />
      </div>
    </header>
  );
}
