// @google/genai: its calls, by its own names.

import { answer } from './lines.mjs';
import { GoogleGenAI } from '@google/genai';

const calls = {
  'batches.create': (ai, given) => ai.batches.create(given),
  'batches.createEmbeddings': (ai, given) => ai.batches.createEmbeddings(given),
  'batches.get': (ai, given) => ai.batches.get(given),
  'types of text in batches.get': async (ai, given) =>
    (await ai.batches.get(given)).dest.inlinedResponses.map(({ response }) => typeof response.text),
  'batches.list': async (ai, given) => page(await ai.batches.list(given)),
  'batches.list to its end': async (ai, given) => Array.fromAsync(await ai.batches.list(given)),
  'batches.cancel': (ai, given) => ai.batches.cancel(given),
  'batches.delete': (ai, given) => ai.batches.delete(given),
  'files.upload': (ai, given) => ai.files.upload(given),
  'files.upload of a blob': (ai, { text, type, config }) =>
    ai.files.upload({ file: new Blob([text], { type }), config }),
  'files.get': (ai, given) => ai.files.get(given),
  'files.list to its end': async (ai, given) => Array.fromAsync(await ai.files.list(given)),
  'files.delete': (ai, given) => ai.files.delete(given),
  'files.download': (ai, given) => ai.files.download(given),
};

function page({ name, page, pageSize }) {
  return { name, page, pageSize };
}

await answer((options) => new GoogleGenAI(options), calls);
