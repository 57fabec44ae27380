export const openApiDocument = (_origin: string) => ({ openapi: "3.1.0" });
