// Written by `npm run generate` from the folders of src/shared/contracts that have a source.ts; not to be edited.
import type { Source } from "#domain/sources.ts";
import type { SourceSpec } from "./define-source.ts";
import { ecobee } from "./ecobee/source.ts";
import { elt } from "./elt/source.ts";
import { infinity } from "./infinity/source.ts";

export const SOURCE_SPECS: Readonly<Record<Source, SourceSpec>> = { infinity, elt, ecobee };
