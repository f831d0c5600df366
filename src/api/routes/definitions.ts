import { type Static, Type } from 'typebox';
import { problem } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import type { CameraDefinitions } from '../ports.ts';
import { cameraIdSchema, noContent } from '../schemas/common.ts';
import { definitionsInputSchema, definitionsSchema, definitionsView } from '../schemas/definitions.ts';

const tags = ['cameras'];
const params = Type.Object({ id: cameraIdSchema });

/** What the users of a camera call abnormal and normal there. */
export function definitionRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { cameras, definitions } = deps.store;
  const changed = (id: string) => deps.changeNotices.publish({ kind: 'definitions', id }).catch(() => undefined);

  app.get(
    '/v1/cameras/:id/definitions',
    {
      schema: {
        operationId: 'getCameraDefinitions',
        summary: 'What a camera’s users call abnormal and normal there',
        description: 'Empty where nothing was defined.',
        tags,
        params,
        response: { 200: definitionsSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      const { settings } = await cameras.get(id);
      return definitionsView(id, await definitions.ofCamera(id), await deps.textPackOf(settings.packs));
    },
  );

  app.put(
    '/v1/cameras/:id/definitions',
    {
      schema: {
        operationId: 'putCameraDefinitions',
        summary: 'Say in plain language what is abnormal and what is normal before a camera',
        description:
          'Replaces what was said before. Each abnormal text becomes a cue of its own, calibrated on what the camera remembers of its normal life, from one of the next segments on: nothing is learned anew. Needs a pack with a text tower among the camera’s packs, such as clip-vit-b16.',
        tags,
        params,
        body: definitionsInputSchema,
        response: { 200: definitionsSchema },
      },
      config: { problems: [404, 409] },
    },
    async (request) => {
      const { id } = request.params;
      const { settings } = await cameras.get(id);
      const pack = await deps.textPackOf(settings.packs);
      if (pack === null) throw problem('VDT_DEFINITIONS_UNREADABLE', { camera: id, packs: settings.packs.join(', ') });
      const stored = await definitions.put(id, {
        ...cleaned(request.body),
        by: request.principal?.id ?? 'unknown',
      });
      await changed(id);
      return definitionsView(id, stored, pack);
    },
  );

  app.delete(
    '/v1/cameras/:id/definitions',
    {
      schema: {
        operationId: 'deleteCameraDefinitions',
        summary: 'Forget what was defined for a camera',
        description: 'Again is no error.',
        tags,
        params,
        response: { 204: noContent },
      },
      config: { problems: [404] },
    },
    async (request, reply) => {
      const { id } = request.params;
      await cameras.get(id);
      await definitions.remove(id);
      await changed(id);
      return reply.code(204).send(null);
    },
  );
}

/** Without blanks around and between the words; every definition has a name, and no two the same. */
function cleaned(input: Static<typeof definitionsInputSchema>): Pick<CameraDefinitions, 'abnormal' | 'normal'> {
  const clean = (text: string) => text.trim().replaceAll(/\s+/g, ' ');
  const abnormal = input.abnormal.map(({ name, text, examples = [] }) => ({
    name: clean(name ?? text),
    text: clean(text),
    examples: examples.map(clean),
  }));
  abnormal.forEach(({ name }, place) => {
    if (abnormal.findIndex((other) => other.name === name) < place) {
      throw problem(
        'VDT_REQUEST_INVALID',
        { field: `body.abnormal[${place}].name`, reason: `is ${name}, as another one is called` },
        { hint: 'Incidents are called by it: give each definition a name of its own.' },
      );
    }
  });
  return { abnormal, normal: (input.normal ?? []).map(clean) };
}
