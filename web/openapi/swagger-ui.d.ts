declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** Shows an OpenAPI document in an element. */
  export default function show(options: {
    readonly url: string;
    readonly dom_id: string;
    readonly deepLinking: boolean;
    readonly displayRequestDuration: boolean;
    readonly validatorUrl: null;
  }): { readonly specActions: { updateUrl(url: string): void; download(url: string): void } };
}
