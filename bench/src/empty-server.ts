import express from 'express';
import { runRequestSchema } from '@das/contracts/run-request';

/** The baseline of A1: an express server with a validated POST that does nothing. Says its port on stdout. */
const application = express();
application.use(express.json());
application.post('/runs', (request, response) => {
  const parsed = runRequestSchema.safeParse(request.body);
  response.status(parsed.success ? 202 : 400).json({ ok: parsed.success });
});
const server = application.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : '');
});
