// @ai-sdk/google: its calls, by its own names.

import { answer } from './lines.mjs';
import { createGoogle } from '@ai-sdk/google';

const batch = (google) => google.experimental_batch();

const calls = {
  doStartBatch: (google, given) => batch(google).doStartBatch(given),
  doGetBatchStatus: (google, given) => batch(google).doGetBatchStatus(given),
  doGetBatchResults: async (google, given) =>
    Array.fromAsync(await batch(google).doGetBatchResults(given)),
  doListBatches: (google, given) => batch(google).doListBatches(given),
  doCancelBatch: (google, given) => batch(google).doCancelBatch(given),
  uploadFile: (google, given) => google.files().uploadFile(given),
};

await answer(createGoogle, calls);
