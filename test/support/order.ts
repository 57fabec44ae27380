import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * vitest's own order of projects, but the simulation first. It is one long file: as the last project, it would run alone
 * when all other files are through.
 */
export class Order extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ project }: TestSpecification) => project.name === "simulation";
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}
