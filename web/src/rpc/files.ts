// Files of routes, over REST: the body of the request is the file itself.

export interface ImportProgress {
  /** Routes that were stored, by their ids. */
  readonly routes: readonly string[];
  readonly points: number;
  /** Tracks that were there already. */
  readonly duplicates: number;
}

/** What the server says of a file that it does not take. */
export class ImportError extends Error {}

/**
 * Sends a file; `onPart` is told how much of it is done, from 0 to 1. Rejects with an ImportError that says what is wrong in
 * the file, or that there is no connection; what was complete before stays stored.
 */
export function importFile(file: Blob, onPart: (part: number) => void, signal: AbortSignal): Promise<ImportProgress> {
  return new Promise((resolve, reject) => {
    // fetch does not tell how far a body has gone.
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/routes:import");
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onPart(total > 0 ? (0.9 * loaded) / total : 0);
    request.onprogress = () => {
      const { bytes } = readAnswers(request.responseText);
      if (file.size > 0) onPart(Math.max(0.9, Math.min(1, bytes / file.size)));
    };
    request.onload = () => {
      const { error, ...progress } = readAnswers(request.responseText);
      if (error !== null) reject(new ImportError(error));
      else if (request.status !== 200) reject(new ImportError(request.statusText || `status ${request.status}`));
      else resolve(progress);
    };
    request.onerror = () => reject(new ImportError("the connection to the server was lost"));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

/** Reads lines of `{"result": …}`, and an error in a line or alone; one that is not whole yet is left. */
export function readAnswers(text: string): ImportProgress & { bytes: number; error: string | null } {
  const routes: string[] = [];
  let [bytes, points, duplicates] = [0, 0, 0];
  let error: string | null = null;
  for (const line of text.split("\n")) {
    const answer = parse(line);
    const { result, error: refused, message } = answer ?? {};
    if (result) {
      bytes = Number(result.byteCount ?? 0);
      points = Number(result.pointCount ?? 0);
      duplicates = Number(result.duplicateCount ?? 0);
      routes.push(...(result.routes ?? []));
    } else if (refused) error = refused.message || "the server does not say why";
    else if (message) error = message;
  }
  // The name of the request's field says nothing to who chose a file.
  return { routes, points, duplicates, bytes, error: error?.replace(/^data: /, "") ?? null };
}

interface Answer {
  readonly result?: {
    readonly byteCount?: string;
    readonly pointCount?: string;
    readonly duplicateCount?: string;
    readonly routes?: string[];
  };
  readonly error?: { readonly message?: string };
  readonly message?: string;
}

function parse(line: string): Answer | null {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return null;
  }
}
