// Files of routes and of features, over REST: the body of the request is the file itself.

export interface ImportedRoutes {
  /** Routes that were stored, by their ids. */
  readonly routes: readonly string[];
  readonly points: number;
  /** Tracks that were there already. */
  readonly duplicates: number;
}

export interface ImportedFeatures {
  readonly features: number;
  /** Features that were there already. */
  readonly duplicates: number;
}

/** What the server says of a file that it does not take. */
export class ImportError extends Error {}

/**
 * Sends a file; `onPart` is told how much of it is done, from 0 to 1. Rejects with an ImportError that says what is wrong in
 * the file, or that there is no connection; what was complete before stays stored.
 */
export type SendFile<T> = (file: Blob, onPart: (part: number) => void, signal: AbortSignal) => Promise<T>;

export const importRoutes: SendFile<ImportedRoutes> = async (file, onPart, signal) => {
  const results = await send("/v1/routes:import", file, onPart, signal);
  return {
    routes: results.flatMap(({ routes }) => routes ?? []),
    points: Number(results.at(-1)?.pointCount ?? 0),
    duplicates: Number(results.at(-1)?.duplicateCount ?? 0),
  };
};

export const importFeatures: SendFile<ImportedFeatures> = async (file, onPart, signal) => {
  const last = (await send("/v1/features:import", file, onPart, signal)).at(-1);
  return { features: Number(last?.featureCount ?? 0), duplicates: Number(last?.duplicateCount ?? 0) };
};

function send(path: string, file: Blob, onPart: (part: number) => void, signal: AbortSignal): Promise<Result[]> {
  return new Promise((resolve, reject) => {
    // fetch does not tell how far a body has gone.
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onPart(total > 0 ? (0.9 * loaded) / total : 0);
    request.onprogress = () => {
      const bytes = Number(readAnswers(request.responseText).results.at(-1)?.byteCount ?? 0);
      if (file.size > 0) onPart(Math.max(0.9, Math.min(1, bytes / file.size)));
    };
    request.onload = () => {
      const { error, results } = readAnswers(request.responseText);
      if (error !== null) reject(new ImportError(error));
      else if (request.status !== 200) reject(new ImportError(request.statusText || `status ${request.status}`));
      else resolve(results);
    };
    request.onerror = () => reject(new ImportError("the connection to the server was lost"));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

/** Reads lines of `{"result": …}`, and an error in a line or alone; one that is not whole yet is left. */
export function readAnswers(text: string): { results: Result[]; error: string | null } {
  const results: Result[] = [];
  let error: string | null = null;
  for (const line of text.split("\n")) {
    const { result, error: refused, message } = parse(line) ?? {};
    if (result) results.push(result);
    else if (refused) error = refused.message || "the server does not say why";
    else if (message) error = message;
  }
  // The name of the request's field says nothing to who chose a file.
  return { results, error: error?.replace(/^data: /, "") ?? null };
}

/** Counts are those so far. */
interface Result {
  readonly byteCount?: string;
  readonly pointCount?: string;
  readonly featureCount?: string;
  readonly duplicateCount?: string;
  /** Those since the result before. */
  readonly routes?: string[];
}

interface Answer {
  readonly result?: Result;
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
