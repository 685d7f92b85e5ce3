import { useQuery } from '@tanstack/react-query';
import PaperPlaneIcon from 'icons/paper-plane-icon';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { deliveriesQuery } from '@/api/queries/reports';
import type { Delivery, ListParams } from '@/api/types';
import { Exports } from '@/charts/Exports';
import type { Column } from '@/charts/export';
import { TableFoot } from '@/components/DataTable';
import { PageHead } from '@/components/PageHead';
import { Pager, readPlace } from '@/components/Pager';
import { Bars, QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { Link } from 'react-router';
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

const deliveryColumns = (deliveries: readonly Delivery[]): Column[] => [
  { name: 'status', values: deliveries.map(({ status }) => status) },
  { name: 'subject', values: deliveries.map(({ subject }) => subject) },
  { name: 'channel', values: deliveries.map(({ target }) => target.channel) },
  { name: 'receiver', values: deliveries.map(({ target }) => target.name) },
  { name: 'attempts', values: deliveries.map(({ attempts }) => attempts) },
  { name: 'created', values: deliveries.map(({ created_at }) => created_at) },
  { name: 'delivered', values: deliveries.map(({ delivered_at }) => delivered_at) },
];

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
          <>
          <Link to="/admin/report_targets">Receivers</Link>
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
          </>
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
              <TableFoot>
                <Exports name="Reports" json={page.items} columns={() => deliveryColumns(page.items)} />
              </TableFoot>
              <Pager count={page.count} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
