/** What is used of the `version_metadata` binding. */
type VersionMetadata = { readonly id: string; readonly tag: string };

/**
 * The deployment that a letter was written by. All Workers of one have the same, unlike the platform's version ids:
 * `npm run deploy` gives it to them as a tag.
 */
export const releaseOf = ({ VERSION, ENVIRONMENT }: { VERSION?: VersionMetadata; ENVIRONMENT: string }): string =>
  VERSION?.tag || (ENVIRONMENT === "local" ? "local" : VERSION?.id) || "local";
