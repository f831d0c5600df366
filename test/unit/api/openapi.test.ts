import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi } from './api-fixture.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema?: unknown }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly unknown[];
  readonly components: { readonly securitySchemes: object; readonly schemas: object; readonly responses: object };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let api: ApiFixture;
let document: Document;
beforeAll(async () => {
  api = await openApi();
  document = (await api.app.inject({ url: '/openapi.json', headers: api.as.read })).json();
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, operation })),
  );

describe('the OpenAPI document', () => {
  it('is 3.1 and lists every route of /v1', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(
      operations()
        .map((each) => each.name)
        .sort(),
    ).toMatchInlineSnapshot(`
      [
        "delete /v1/cameras/{id}",
        "delete /v1/cameras/{id}/definitions",
        "delete /v1/cameras/{id}/references/{reference}",
        "delete /v1/keys/{id}",
        "delete /v1/webhooks/{id}",
        "get /healthz",
        "get /metrics",
        "get /readyz",
        "get /v1/cameras",
        "get /v1/cameras/{id}",
        "get /v1/cameras/{id}/budget",
        "get /v1/cameras/{id}/definitions",
        "get /v1/cameras/{id}/references",
        "get /v1/cameras/{id}/scores",
        "get /v1/deliveries",
        "get /v1/deliveries/{id}",
        "get /v1/events",
        "get /v1/incidents",
        "get /v1/incidents/{id}",
        "get /v1/incidents/{id}/clip.mp4",
        "get /v1/incidents/{id}/heatmap.jpg",
        "get /v1/incidents/{id}/snapshot.jpg",
        "get /v1/keys",
        "get /v1/webhooks",
        "get /v1/webhooks/{id}",
        "patch /v1/cameras/{id}",
        "patch /v1/webhooks/{id}",
        "post /v1/cameras",
        "post /v1/cameras/test",
        "post /v1/cameras/{id}/learning/reset",
        "post /v1/cameras/{id}/test",
        "post /v1/deliveries/{id}/replay",
        "post /v1/incidents/{id}/review",
        "post /v1/keys",
        "post /v1/webhooks",
        "post /v1/webhooks/{id}/ping",
        "put /v1/cameras/{id}/definitions",
        "put /v1/cameras/{id}/learning/state/{pack}",
      ]
    `);
  });

  it('gives each operation an id of its own, a summary, a known tag and its answers', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = new Set(document.tags.map((tag) => tag.name));
    for (const { name, path, operation } of operations()) {
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary, name).toMatch(/./);
      expect(
        operation.tags?.every((tag) => tags.has(tag)),
        name,
      ).toBe(true);
      expect(
        Object.keys(operation.responses).some((status) => status.startsWith('2')),
        name,
      ).toBe(true);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const named = (operation.parameters ?? []).filter((each) => each.in === 'path').map((each) => each.name);
      expect(named, name).toEqual(inPath);
      if (operation.security?.length !== 0) {
        expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(['401', '403', '429', '503']));
      }
      if (operation.requestBody)
        expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(['413', '415']));
    }
  });

  it('asks for a key everywhere but at health and readiness', () => {
    expect(document.security).toEqual([{ bearer: [] }, { basic: [] }]);
    const open = operations().filter(({ operation }) => operation.security?.length === 0);
    expect(open.map((each) => each.path).sort()).toEqual(['/healthz', '/readyz']);
  });

  it('points at nothing that is missing', () => {
    const text = JSON.stringify(document);
    for (const [, reference] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = (reference ?? '')
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
      expect(target, reference).toBeDefined();
    }
    expect(text).not.toContain('"nullable"');
  });

  it('holds examples that its own schemas accept', async () => {
    const { Compile } = await import('typebox/compile');
    let examples = 0;
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      const schema = node as { type?: unknown; examples?: unknown[] };
      if (schema.type !== undefined && Array.isArray(schema.examples)) {
        for (const example of schema.examples) {
          examples++;
          expect(Compile(schema as never).Errors(example), JSON.stringify(example)).toEqual([]);
        }
      }
      for (const child of Object.values(node)) visit(child);
    };
    visit({ paths: document.paths, components: document.components });
    expect(examples).toBeGreaterThan(20);
  });
});

describe('the documentation pages', () => {
  it('come from this service alone, so that they work without a network', async () => {
    const page = await api.app.inject({ url: '/docs', headers: api.as.read });
    expect(page.statusCode).toBe(200);
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      expect(file).not.toMatch(/^https?:|^\/\//);
      const url = new URL(file, 'http://here/docs').pathname;
      expect((await api.app.inject({ url, headers: api.as.read })).statusCode, url).toBe(200);
    }
  });

  it('explain every error code at the place that the problem type points at', async () => {
    const page = await api.app.inject({ url: '/docs/errors', headers: api.as.read });
    expect(page.body).toContain('<tr id="VDT_NOT_FOUND">');
    expect(page.body).not.toContain('${');
  });
});
