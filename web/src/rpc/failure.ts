import { Code, ConnectError } from "@connectrpc/connect";

/** Any failure as a ConnectError. fetch says with a TypeError that a server is not there. */
export function understood(failure: unknown): ConnectError {
  if (failure instanceof TypeError)
    return new ConnectError("the server was not reached", Code.Unavailable, undefined, undefined, failure);
  return ConnectError.from(failure);
}
