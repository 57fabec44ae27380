/** The bundler puts them into one sheet. */
declare module "*.css";
