declare module "parse-prometheus-text-format" {
  /** Families of metrics as a scraper reads them; histograms with their buckets. */
  export default function parsePrometheusTextFormat(text: string): unknown[];
}
