import { authenticate, parseTokenKeys } from "concord-sdk/auth";
import { CONSISTENCY_HEADER, type ConcordBindings, connectConcord } from "concord-sdk/services";

type Env = Pick<ConcordBindings, "DEVICES"> & { readonly TOKEN_KEYS: string };

export default {
  async fetch(request, env): Promise<Response> {
    const keys = parseTokenKeys(env.TOKEN_KEYS);
    const caller = await authenticate(request.headers.get("Authorization"), { keys });
    if (!caller.ok) return Response.json({ error: caller.message }, { status: caller.status });
    const consistency = request.headers.get(CONSISTENCY_HEADER);
    const concord = connectConcord(env, { scope: caller.scope, consistency });
    const { edges } = await concord.devices.list({ first: 20 }, { filter: { status: "OFFLINE" } });
    const headers = { [CONSISTENCY_HEADER]: concord.consistencyToken ?? "" };
    return Response.json(
      edges.map(({ node }) => node.key),
      { headers },
    );
  },
} satisfies ExportedHandler<Env>;
