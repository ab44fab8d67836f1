/** Loaded before a worker's main (`--import`): its first transaction is committed, but the answer does not arrive. */
import { ClientSession, MongoNetworkError } from 'mongodb';

const { commitTransaction } = ClientSession.prototype;
let lost = false;

ClientSession.prototype.commitTransaction = async function () {
  await commitTransaction.call(this);
  if (lost) return;
  lost = true;
  throw new MongoNetworkError('the answer was lost');
};
