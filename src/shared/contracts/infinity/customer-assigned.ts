import { defineContract } from "../define.ts";
import { customerAssigned } from "../entities/customer.ts";

export const infinityCustomerAssigned = defineContract({
  topic: "device.infinity.customer.assigned",
  ...customerAssigned,
  example: { customer: { customerId: "C-1001", name: "Nordic Foods", email: "facilities@nordic.example" } },
});
