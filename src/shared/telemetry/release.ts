/** The part of the `version_metadata` binding that is used. */
type VersionMetadata = { readonly id: string; readonly tag: string };

/**
 * The deployment that wrote a letter. All Workers of one deployment have the same, unlike the platform's version ids:
 * `npm run deploy` sets it as a tag.
 */
export const releaseName = ({ VERSION, ENVIRONMENT }: { VERSION?: VersionMetadata; ENVIRONMENT: string }): string =>
  VERSION?.tag || (ENVIRONMENT === "local" ? "local" : VERSION?.id) || "local";
