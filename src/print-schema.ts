import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lexicographicSortSchema, printSchema } from "graphql";
import { projectRoot } from "./project-root";
import { makeSchema } from "./schema";

/** The schema as it is committed. */
export const printedSchema = async (): Promise<string> =>
  `${printSchema(lexicographicSortSchema(await makeSchema()))}\n`;

if (require.main === module) {
  void printedSchema().then((text) => writeFileSync(join(projectRoot, "schema.graphql"), text));
}
