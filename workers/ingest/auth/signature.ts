import { Webhook, WebhookVerificationError } from "standardwebhooks";

/**
 * Whether a body carries a Standard Webhooks signature of this secret: HMAC-SHA256 over id, timestamp and body, not
 * older than five minutes (standardwebhooks.com). The header may hold several signatures, so that secrets can rotate.
 */
export function isSigned(headers: Headers, body: Uint8Array, secret: string): boolean {
  try {
    const signed = {
      "webhook-id": headers.get("webhook-id") ?? "",
      "webhook-timestamp": headers.get("webhook-timestamp") ?? "",
      "webhook-signature": headers.get("webhook-signature") ?? "",
    };
    new Webhook(secret).verify(new TextDecoder().decode(body), signed, { jsonParse: false });
    return true;
  } catch (thrown) {
    if (thrown instanceof WebhookVerificationError) return false;
    throw thrown;
  }
}
