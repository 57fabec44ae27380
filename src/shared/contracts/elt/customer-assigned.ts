import { defineContract } from "../define.ts";
import { customerAssigned } from "../entities/customer.ts";

export const eltCustomerAssigned = defineContract({
  topic: "device.elt.customer.assigned",
  ...customerAssigned,
  example: { customer: { customerId: "C-2040", name: "Hill Country Clinic", phone: "+1 512 555 0150" } },
});
