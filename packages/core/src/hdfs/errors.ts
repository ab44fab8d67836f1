/**
 * What can go wrong between DAS and HDFS, told apart by what the caller does about it. Every error carries the path it
 * was about and, where the NameNode or a DataNode named one, the class of its RemoteException (the webhdfs package
 * drops it).
 */

export interface HdfsErrorDetails {
  /** The class HDFS gave, without its package: `AccessControlException`. */
  remoteClass?: string | undefined;
  cause?: unknown;
}

export class HdfsError extends Error {
  override name = 'HdfsError';
  readonly path: string;
  readonly remoteClass: string | undefined;

  constructor(path: string, message: string, { remoteClass, cause }: HdfsErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.path = path;
    this.remoteClass = remoteClass;
  }
}

/** Nothing lies at the path. */
export class HdfsNotFound extends HdfsError {
  override name = 'HdfsNotFound';
}

/** The HDFS user may not do this. */
export class HdfsDenied extends HdfsError {
  override name = 'HdfsDenied';
}

/** More bytes than the caller allows; nothing beyond the limit was read. */
export class HdfsTooLarge extends HdfsError {
  override name = 'HdfsTooLarge';
  readonly length: number;
  readonly maxBytes: number;

  constructor(path: string, length: number, maxBytes: number) {
    super(path, `${path} has ${length} bytes; the limit is ${maxBytes}`);
    this.length = length;
    this.maxBytes = maxBytes;
  }
}

/** HDFS answered, and said no for a reason that waiting does not mend: a directory where a file is wanted, a taken name. */
export class HdfsRejected extends HdfsError {
  override name = 'HdfsRejected';
}

/** No proper answer in time: worth trying again later, says nothing about the path. */
export class HdfsUnavailable extends HdfsError {
  override name = 'HdfsUnavailable';
  /** True when the request cannot have been acted on (refused, standby), so that even a write may go to the next NameNode. */
  readonly unsent: boolean;

  constructor(path: string, message: string, details: HdfsErrorDetails & { unsent?: boolean } = {}) {
    super(path, message, details);
    this.unsent = details.unsent ?? false;
  }
}

interface RemoteException {
  exception: string;
  message: string;
}

/** `{"RemoteException": {exception, javaClassName, message}}` out of a parsed or raw body, if it is one. */
function remoteExceptionOf(body: unknown): RemoteException | undefined {
  let parsed = body;
  if (typeof body === 'string') {
    try {
      parsed = JSON.parse(body) as unknown;
    } catch {
      return undefined;
    }
  }
  if (typeof parsed !== 'object' || parsed === null || !('RemoteException' in parsed)) return undefined;
  const { exception, message } = parsed.RemoteException as Record<string, unknown>;
  return { exception: String(exception ?? 'unknown'), message: String(message ?? '').split('\n')[0] ?? '' };
}

/** An answer that is no success, as the error it stands for. `from` is the host that answered. */
export function errorFromAnswer(path: string, from: string, status: number, body: unknown): HdfsError {
  const remote = remoteExceptionOf(body);
  if (!remote) {
    return new HdfsUnavailable(
      path,
      `${from} answered HTTP ${status} with something that is not WebHDFS while asked for ${path}: ` +
        'check that HDFS_URL names the NameNode and that no proxy stands in between',
    );
  }
  return errorFromRemoteException(path, from, remote);
}

function errorFromRemoteException(path: string, from: string, { exception, message }: RemoteException): HdfsError {
  const details = { remoteClass: exception };
  switch (exception) {
    case 'FileNotFoundException':
    case 'ParentNotDirectoryException':
      return new HdfsNotFound(path, `${path} does not exist in HDFS`, details);
    case 'AccessControlException':
    case 'SecurityException':
    case 'AuthorizationException':
      // Asking for a child of a file is answered with AccessControlException, too.
      if (message.includes('is not a directory'))
        return new HdfsNotFound(path, `${path} does not exist in HDFS`, details);
      return new HdfsDenied(
        path,
        `HDFS denies access to ${path} (${message}): check HDFS_USER and the permissions`,
        details,
      );
    case 'StandbyException':
      return new HdfsUnavailable(path, `${from} is a standby NameNode: add the active one to HDFS_URL (comma list)`, {
        ...details,
        unsent: true,
      });
    case 'SafeModeException':
    case 'RetriableException':
      return new HdfsUnavailable(
        path,
        `the NameNode ${from} is not ready yet (${message}): wait until it leaves safe mode`,
        details,
      );
    case 'IOException':
    case 'RemoteException':
    case 'ConnectException':
    case 'SocketTimeoutException':
    case 'NoRouteToHostException':
    case 'BlockMissingException':
    case 'ReplicaNotFoundException':
    case 'NoDatanodeException':
      return new HdfsUnavailable(
        path,
        `${from} could not serve ${path} (${exception}: ${message}): check the DataNodes`,
        details,
      );
    default:
      return new HdfsRejected(path, `HDFS refused this for ${path} (${exception}: ${message})`, details);
  }
}

/** Errors that a socket meets before any byte of the request can have been read. */
const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** A connection that failed. `role` tells a NameNode from the DataNode it sent us to. */
export function errorFromSocket(
  path: string,
  from: string,
  role: 'NameNode' | 'DataNode',
  cause: unknown,
): HdfsUnavailable {
  const code = socketCode(cause);
  const check =
    role === 'NameNode'
      ? 'check HDFS_URL and that the NameNode runs'
      : 'the NameNode names this DataNode, so its host name and port must be reachable from here';
  return new HdfsUnavailable(path, `${role} ${from} cannot be reached (${code}) for ${path}: ${check}`, {
    cause,
    unsent: role === 'NameNode' && UNSENT.has(code),
  });
}

/** The system's code of a socket error, also below fetch's "fetch failed" and an AggregateError of several addresses. */
export function socketCode(error: unknown): string {
  let at: unknown = error;
  for (let depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    at = 'errors' in at && Array.isArray(at.errors) ? at.errors[0] : 'cause' in at ? at.cause : undefined;
  }
  return error instanceof Error ? error.message : String(error);
}
