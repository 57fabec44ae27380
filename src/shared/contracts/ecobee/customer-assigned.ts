import { defineContract } from "../define.ts";
import { customerAssigned } from "../entities/customer.ts";

export const ecobeeCustomerAssigned = defineContract({
  topic: "device.ecobee.customer.assigned",
  ...customerAssigned,
  example: { customer: { customerId: "C-3300", name: "Queen Street Books", email: "office@queenbooks.example" } },
});
