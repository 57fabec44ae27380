/** In place of each Worker behind the front door: it does what the path says, and mostly fails. */
export default {
  fetch(request) {
    const { pathname, search } = new URL(request.url);
    switch (pathname.split("/").at(-1)) {
      case "redirect":
        return new Response(null, {
          status: 302,
          headers: { Location: "https://elsewhere.example/", Server: "secret" },
        });
      case "refused":
        return new Response("no", { status: 429, headers: { "X-Powered-By": "secret" } });
      case "half":
        return new Response(halfABody());
      case "echo":
        return Response.json({ pathname, search });
      case "null":
        return null;
      default:
        throw new TypeError("secret: SELECT * FROM devices");
    }
  },
};

/** A body that breaks when its head was sent. */
function halfABody() {
  let chunks = 0;
  return new ReadableStream({
    async pull(controller) {
      if (chunks++ === 0) return controller.enqueue(new TextEncoder().encode("half of it"));
      await scheduler.wait(200);
      controller.error(new Error("secret: gone"));
    },
  });
}
