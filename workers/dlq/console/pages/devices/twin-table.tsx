import type { DeviceDetail } from "../../../../../src/shared/desk/device-api.ts";
import type { DesiredState } from "../../../../../src/shared/domain/change.ts";
import { Badge } from "../../parts/badge.tsx";
import { Time } from "../../parts/time.tsx";
import { settingOf } from "./words.ts";

const MEMBERS: readonly (readonly [name: keyof DesiredState, words: string])[] = [
  ["mode", "Mode"],
  ["heatSetpointC", "Heat to"],
  ["coolSetpointC", "Cool to"],
];

/** What people want of it beside what it does, with what differs marked. */
export function TwinTable({ device: { twin, report } }: { readonly device: DeviceDetail }) {
  const differing = Object.keys(twin.delta ?? {}).length;
  return (
    <section class="card" aria-labelledby="twin">
      <h2 id="twin" class="row spread">
        Twin
        {twin.desired && (
          <Badge tone={differing > 0 ? "warn" : "good"}>{differing > 0 ? `${differing} to go` : "As desired"}</Badge>
        )}
      </h2>
      <table class="twin">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Desired</th>
            <th scope="col">Reported</th>
          </tr>
        </thead>
        <tbody>
          {MEMBERS.map(([name, words]) => (
            <Setting key={name} words={words} name={name} twin={twin} />
          ))}
        </tbody>
      </table>
      <p class="muted note">
        {twin.version ? (
          <>
            Desired <Time at={twin.version.slice(0, twin.version.indexOf("/"))} />
          </>
        ) : (
          "Nobody has asked anything of it"
        )}
        {report ? (
          <>
            {" · reported "}
            <Time at={report.reportedAt} />
          </>
        ) : (
          " · no report yet"
        )}
      </p>
    </section>
  );
}

type SettingProps = {
  readonly words: string;
  readonly name: keyof DesiredState;
  readonly twin: DeviceDetail["twin"];
};

function Setting({ words, name, twin: { desired, reported, delta } }: SettingProps) {
  const differs = delta?.[name] !== undefined;
  return (
    <tr class={differs ? "differs" : undefined}>
      <th scope="row">{words}</th>
      <td>
        {desired?.[name] === undefined ? <span class="muted">up to it</span> : settingOf(desired[name])}
        {differs && <Badge tone="warn">differs</Badge>}
      </td>
      <td>{reported?.[name] === undefined ? <span class="muted">–</span> : settingOf(reported[name])}</td>
    </tr>
  );
}
