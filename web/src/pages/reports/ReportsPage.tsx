import { useQuery } from '@tanstack/react-query';
import PaperPlaneIcon from 'icons/paper-plane-icon';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { deliveriesQuery } from '@/api/queries/reports';
import type { ListParams } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { Pager, readPlace } from '@/components/Pager';
import { Bars, QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { useAddress } from '@/components/useAddress';
import { DELIVERY_LOOKS } from '@/format/status';
import { plural } from '@/format/size';
import { DeliveryCard } from './DeliveryCard';

function toParams(params: URLSearchParams): ListParams {
  const status = params.get('status');
  return {
    ...readPlace(params),
    sort: '-created_at',
    where: status ? [['status', status]] : [],
  };
}

export function ReportsPage() {
  const { params, get, set } = useAddress();
  const query = useQuery(deliveriesQuery(toParams(params)));
  const status = get('status');
  return (
    <>
      <PageHead
        title="Reports"
        lead={query.data ? plural(query.data.count, 'delivery', 'deliveries') : undefined}
        actions={
          <FormSelect
            aria-label="Status"
            className="rt-select"
            value={status}
            onChange={(_, value) => set({ status: value }, { step: true })}
          >
            <FormSelectOption value="" label="Status: any" />
            {Object.entries(DELIVERY_LOOKS).map(([value, look]) => (
              <FormSelectOption key={value} value={value} label={`Status: ${look.label}`} />
            ))}
          </FormSelect>
        }
      />
      <QueryView query={query} loading={<Bars count={5} />}>
        {(page) =>
          page.items.length === 0 ? (
            <Teach
              title={status ? 'No delivery with this status' : 'No report yet'}
              icon={PaperPlaneIcon}
              commands={status ? [] : ['ringtest target create NAME --channel mail --address ADDRESS --team TEAM']}
            >
              When jobs fail in a new way, everyone who must know is told once: by mail or through a
              webhook. Each delivery is listed here with its receiver’s answer.
            </Teach>
          ) : (
            <>
              {page.items.map((delivery) => (
                <DeliveryCard key={delivery.id} delivery={delivery} />
              ))}
              <Pager count={page.count} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
