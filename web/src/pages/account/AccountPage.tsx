import { useQuery } from '@tanstack/react-query';
import { profileQuery } from '@/api/queries/account';
import { PageHead } from '@/components/PageHead';
import { Bars, QueryView } from '@/components/QueryView';
import { MailCard } from './MailCard';
import { ProfileCard } from './ProfileCard';
import { TokensCard } from './TokensCard';

export function AccountPage() {
  return (
    <>
      <PageHead title="Account" />
      <QueryView query={useQuery(profileQuery)} loading={<Bars count={6} />}>
        {(profile) => (
          <div className="rt-account">
            <TokensCard />
            <div className="rt-account-side">
              <MailCard profile={profile} />
              <ProfileCard profile={profile} />
            </div>
          </div>
        )}
      </QueryView>
    </>
  );
}
