// Written by `npm run generate` from the folders of src/shared/contracts that have a source.ts; not to be edited.

import { ecobeeAlertAcknowledged } from "./ecobee/alert-acknowledged.ts";
import { ecobeeAlertCleared } from "./ecobee/alert-cleared.ts";
import { ecobeeAlertRaised } from "./ecobee/alert-raised.ts";
import { ecobeeCustomerAssigned } from "./ecobee/customer-assigned.ts";
import { ecobeeDealerAssigned } from "./ecobee/dealer-assigned.ts";
import { ecobeeDealerUnassigned } from "./ecobee/dealer-unassigned.ts";
import { ecobeeProfileUpdated } from "./ecobee/profile-updated.ts";
import { ecobeeRegistrationCreated } from "./ecobee/registration-created.ts";
import { ecobeeRegistrationRemoved } from "./ecobee/registration-removed.ts";
import { ecobeeStatusReported } from "./ecobee/status-reported.ts";
import { ecobeeTwinDesired } from "./ecobee/twin-desired.ts";
import { eltAlertAcknowledged } from "./elt/alert-acknowledged.ts";
import { eltAlertCleared } from "./elt/alert-cleared.ts";
import { eltAlertRaised } from "./elt/alert-raised.ts";
import { eltCustomerAssigned } from "./elt/customer-assigned.ts";
import { eltDealerAssigned } from "./elt/dealer-assigned.ts";
import { eltDealerUnassigned } from "./elt/dealer-unassigned.ts";
import { eltProfileUpdated } from "./elt/profile-updated.ts";
import { eltRegistrationCreated } from "./elt/registration-created.ts";
import { eltRegistrationRemoved } from "./elt/registration-removed.ts";
import { eltStatusReported } from "./elt/status-reported.ts";
import { eltTwinDesired } from "./elt/twin-desired.ts";
import { infinityAlertAcknowledged } from "./infinity/alert-acknowledged.ts";
import { infinityAlertCleared } from "./infinity/alert-cleared.ts";
import { infinityAlertRaised } from "./infinity/alert-raised.ts";
import { infinityCustomerAssigned } from "./infinity/customer-assigned.ts";
import { infinityDealerSetup } from "./infinity/dealer-setup.ts";
import { infinityDealerUnassigned } from "./infinity/dealer-unassigned.ts";
import { infinityProfileUpdated } from "./infinity/profile-updated.ts";
import { infinityRegistrationCreated } from "./infinity/registration-created.ts";
import { infinityRegistrationRemoved } from "./infinity/registration-removed.ts";
import { infinityStatusReported } from "./infinity/status-reported.ts";
import { infinityTwinDesired } from "./infinity/twin-desired.ts";

export const ALL_CONTRACTS = [
  infinityAlertAcknowledged,
  infinityAlertCleared,
  infinityAlertRaised,
  infinityCustomerAssigned,
  infinityDealerSetup,
  infinityDealerUnassigned,
  infinityProfileUpdated,
  infinityRegistrationCreated,
  infinityRegistrationRemoved,
  infinityStatusReported,
  infinityTwinDesired,
  eltAlertAcknowledged,
  eltAlertCleared,
  eltAlertRaised,
  eltCustomerAssigned,
  eltDealerAssigned,
  eltDealerUnassigned,
  eltProfileUpdated,
  eltRegistrationCreated,
  eltRegistrationRemoved,
  eltStatusReported,
  eltTwinDesired,
  ecobeeAlertAcknowledged,
  ecobeeAlertCleared,
  ecobeeAlertRaised,
  ecobeeCustomerAssigned,
  ecobeeDealerAssigned,
  ecobeeDealerUnassigned,
  ecobeeProfileUpdated,
  ecobeeRegistrationCreated,
  ecobeeRegistrationRemoved,
  ecobeeStatusReported,
  ecobeeTwinDesired,
] as const;
