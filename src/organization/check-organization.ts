import { Problems } from "../errors";
import { checkList, checkText, MAX_NAME } from "../inputs";
import type { UpdateOrganizationInput } from "./organization.type";

/** What an organization says of itself; what is wrong goes into `problems`. */
export function checkOrganization(problems: Problems, input: UpdateOrganizationInput): void {
  checkText(problems, "input.name", input.name, MAX_NAME, true);
  checkText(problems, "input.nameJa", input.nameJa, MAX_NAME);
  checkList(problems, "input.sectors", input.sectors, 50, 100);
  if (input.country != null && !/^[A-Z]{2}$/.test(input.country)) {
    problems.add("input.country", "must be an ISO 3166-1 alpha-2 code, such as JP");
  }
}
