import "reflect-metadata";
import { DataSource, DefaultNamingStrategy } from "typeorm";
import { CreateParties1764000000000 } from "../migrations/1764000000000-create-parties";
import { CreateItems1764000000001 } from "../migrations/1764000000001-create-items";
import { CreateLog1764000000002 } from "../migrations/1764000000002-create-log";
import { ReadFaster1764000000003 } from "../migrations/1764000000003-read-faster";
import { KeepIep1764000000004 } from "../migrations/1764000000004-keep-iep";
import { MergeOrganizations1764000000006 } from "../migrations/1764000000006-merge-organizations";
import { ChainEntriesAtBirth1764000000007 } from "../migrations/1764000000007-chain-entries-at-birth";
import { KeepTlpInLog1764000000009 } from "../migrations/1764000000009-keep-tlp-in-log";
import { CreateWebhooks1764000000010 } from "../migrations/1764000000010-create-webhooks";
import { CreateMail1764000000011 } from "../migrations/1764000000011-create-mail";
import { CreateExplainedFindings1764000000005 } from "../migrations/1764000000005-create-explained-findings";
import { NumberWatches1764000000012 } from "../migrations/1764000000012-number-watches";
import { FoldAndTrimLog1764000000013 } from "../migrations/1764000000013-fold-and-trim-log";
import { KeepMarkingOfSightingsInLog1764000000014 } from "../migrations/1764000000014-keep-marking-of-sightings-in-log";
import { KeepWhatWasFoldedInLog1764000000015 } from "../migrations/1764000000015-keep-what-was-folded-in-log";
import {
  AgreementSignature,
  AgreementVersion,
  SharingAgreement,
} from "./organization/agreement.entity";
import { Account, ApiKey } from "./auth/account.entity";
import { Membership, MembershipChange } from "./organization/membership.entity";
import { Organization } from "./organization/organization.entity";
import { Coordinator, SectorGroup } from "./organization/sector-group.entity";
import { snake } from "./sharing/condition";

/** Columns bear their properties' names in snake case. */
class SnakeNames extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string | undefined): string {
    return customName ?? snake(propertyName);
  }
}

/** A connected DataSource; its schema may still be old or empty. Throws when the database cannot be reached. */
export function openDatabase(url: string, poolSize = 20): Promise<DataSource> {
  return new DataSource({
    type: "postgres",
    url,
    poolSize,
    // WHY: what is asked here is prepared, and plans well without its values; planning anew would cost more than running.
    extra: { options: "-c plan_cache_mode=force_generic_plan -c timezone=UTC" },
    synchronize: false,
    namingStrategy: new SnakeNames(),
    migrations: [
      CreateParties1764000000000,
      CreateItems1764000000001,
      CreateLog1764000000002,
      ReadFaster1764000000003,
      KeepIep1764000000004,
      MergeOrganizations1764000000006,
      ChainEntriesAtBirth1764000000007,
      KeepTlpInLog1764000000009,
      CreateExplainedFindings1764000000005,
      NumberWatches1764000000012,
      FoldAndTrimLog1764000000013,
      KeepMarkingOfSightingsInLog1764000000014,
      KeepWhatWasFoldedInLog1764000000015,
      CreateWebhooks1764000000010,
      CreateMail1764000000011,
    ],
    entities: [
      Organization,
      Account,
      ApiKey,
      SectorGroup,
      Coordinator,
      Membership,
      MembershipChange,
      SharingAgreement,
      AgreementVersion,
      AgreementSignature,
    ],
  }).initialize();
}

const MIGRATION_LOCK = 7_264_001;

/** Brings the schema up to date. Several hubs may call it at once: one migrates, the others wait. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await dataSource.runMigrations({ transaction: "each" });
  } finally {
    await lock.query("SELECT pg_advisory_unlock($1)", [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
  }
}
