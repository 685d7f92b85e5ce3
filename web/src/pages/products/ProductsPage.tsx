import { useQuery } from '@tanstack/react-query';
import CubesIcon from 'icons/cubes-icon';
import { Link } from 'react-router';
import { productsQuery } from '@/api/queries/catalog';
import type { Product } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { TopicAnswer } from './TopicAnswer';

function ProductCard({ product }: { product: Product }) {
  const topics = product.topics.filter((topic) => topic.state !== 'archived');
  return (
    <section className="rt-card" aria-labelledby={`product-${product.id}`}>
      <h2 id={`product-${product.id}`}>
        <Link to={`/products/${product.id}`}>{product.name}</Link>
      </h2>
      {product.description && <p className="rt-muted">{product.description}</p>}
      {topics.length === 0 && <p className="rt-muted">No topic yet.</p>}
      <ul className="rt-topics">
        {topics.map((topic) => (
          <li key={topic.id}>
            <Link
              to={`/products/${product.id}?topic=${topic.id}`}
              className="rt-topic"
              data-row
            >
              <span className="rt-topic-name">{topic.name}</span>
              <TopicAnswer productId={product.id} topicId={topic.id} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function ProductsPage() {
  const query = useQuery(productsQuery);
  return (
    <>
      <PageHead title="Products" lead="What is tested, and the answer of all labs together." />
      <QueryView query={query}>
        {(products) =>
          products.length === 0 ? (
            <Teach
              title="No product yet"
              icon={CubesIcon}
              commands={['ringtest product create NAME', 'ringtest topic create NAME --product PRODUCT --type TYPE']}
            >
              A product has topics (its versions under test); components are published to a topic,
              and labs subscribe to it.
            </Teach>
          ) : (
            <div className="rt-cards">
              {products.map((product) => (
                <ProductCard key={product.id} product={product} />
              ))}
            </div>
          )
        }
      </QueryView>
    </>
  );
}
