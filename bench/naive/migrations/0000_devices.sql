CREATE TABLE devices (
  id text PRIMARY KEY NOT NULL,
  status text NOT NULL,
  data text NOT NULL,
  updated_at text NOT NULL
);
CREATE INDEX devices_by_status ON devices (status);
CREATE INDEX devices_by_updated_at ON devices (updated_at);
