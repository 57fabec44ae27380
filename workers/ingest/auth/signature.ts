import { Webhook, WebhookVerificationError } from "standardwebhooks";

/**
 * Whether a body carries a Standard Webhooks signature of this secret: HMAC-SHA256 over id, timestamp and body, not
 * older than five minutes (standardwebhooks.com). The header may hold several signatures, so that secrets can rotate.
 */
export function isSigned(headers: Headers, body: string, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, {
      "webhook-id": headers.get("webhook-id") ?? "",
      "webhook-timestamp": headers.get("webhook-timestamp") ?? "",
      "webhook-signature": headers.get("webhook-signature") ?? "",
    });
    return true;
  } catch (thrown) {
    if (thrown instanceof WebhookVerificationError) return false;
    // The library parses the body as JSON behind the check; an NDJSON body fails there, and its signature is good.
    if (thrown instanceof SyntaxError) return true;
    throw thrown;
  }
}
