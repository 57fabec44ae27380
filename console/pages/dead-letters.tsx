import type { PageProps } from "../page.ts";
import { useListKeys } from "../parts/list-keys.ts";
import { GroupPage } from "./dead-letters/group.tsx";
import { GroupList } from "./dead-letters/group-list.tsx";
import { LetterPage } from "./dead-letters/letter.tsx";
import { LetterList } from "./dead-letters/letter-list.tsx";
import { RunPage } from "./dead-letters/run.tsx";
import { RunList } from "./dead-letters/run-list.tsx";
import "./dead-letters.css";
import "./dead-letters/letter.css";
import "./dead-letters/dialogs.css";
import "./dead-letters/runs.css";
import "./dead-letters/payload-diff.css";

/** Groups of one cause, the letters in them, and the runs that replay them. */
export function DeadLettersPage(props: PageProps) {
  useListKeys();
  const [section = "groups", id] = props.route.path;
  switch (section) {
    case "letters":
      return id === undefined ? <LetterList {...props} /> : <LetterPage key={id} id={id} user={props.user} />;
    case "runs":
      return id === undefined ? <RunList {...props} /> : <RunPage key={id} id={id} user={props.user} />;
    default:
      return id === undefined ? <GroupList {...props} /> : <GroupPage key={id} id={id} user={props.user} />;
  }
}
