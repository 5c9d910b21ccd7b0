/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type AccessPathKind =
  | 'AGREEMENT'
  | 'AUTHORITY'
  | 'BILATERAL'
  | 'NAMED'
  | 'OPERATOR'
  | 'OWNER'
  | 'PUBLIC';

export type Affiliation =
  | 'CLIENT'
  | 'CONTRACTOR'
  | 'EMPLOYEE';

export type AlertFilter = {
  groupIds?: Array<string> | null | undefined;
  /** Also what the own organization did. */
  includeOwn?: boolean | null | undefined;
  minTlp?: Tlp | null | undefined;
  types?: Array<AlertType> | null | undefined;
  /** Also WATCH_MATCHED alerts of these watches. */
  watchIds?: Array<string> | null | undefined;
};

export type AlertType =
  | 'ACCESS_ENDED'
  | 'ACCOUNT_CHANGED'
  | 'AGREEMENT_CHANGED'
  | 'ITEM_RELEASED'
  | 'ITEM_UPDATED'
  | 'ITEM_WITHDRAWN'
  | 'MEMBERSHIP_CHANGED'
  | 'OBLIGATION_DUE'
  | 'OBLIGATION_OVERDUE'
  | 'RELEASE_DECIDED'
  | 'RELEASE_PROPOSED'
  | 'SIGHTING_ADDED'
  | 'WATCH_MATCHED';

export type Attribution =
  | 'ANONYMOUS'
  | 'NAMED'
  | 'SECTOR_ONLY';

/** An IEP 2.0 policy, and the terms that IEP lacks. Its name becomes the title, its dates the period; of one that has begun already, from the moment of proposal. */
export type DraftAgreementFromIepInput = {
  fromGroupId: string;
  /** FIRST IEP 2.0: the policy itself, not a reference to one. */
  iep: unknown;
  kinds: Array<ItemKind>;
  onward?: boolean | null | undefined;
  /** DETECTION, RESPONSE, RESEARCH, STATISTICS; empty: any. */
  purposes: Array<string>;
  requiresApproval?: boolean | null | undefined;
  /** Omitted or null: until the policy's end_date. */
  retention?: string | null | undefined;
  retroactive?: boolean | null | undefined;
  signWithin?: string | null | undefined;
  toGroupId: string;
  /** Omitted or null: technical, damage and identity, which is everything but wording. */
  withheldFields?: Array<string> | null | undefined;
};

export type ItemKind =
  | 'ADVISORY'
  | 'INCIDENT'
  | 'INDICATOR'
  | 'SIGHTING';

export type OrganizationKind =
  | 'AUTHORITY'
  | 'MEMBER'
  | 'OPERATOR'
  | 'PEER_HUB';

export type Role =
  | 'ANALYST'
  | 'MEMBER'
  | 'OFFICER'
  | 'OPERATOR_ADMIN'
  | 'ORG_ADMIN'
  | 'PUBLISHER'
  | 'READER';

export type Tlp =
  | 'AMBER'
  | 'AMBER_STRICT'
  | 'CLEAR'
  | 'GREEN'
  | 'RED';

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { account: { email: string, displayName: string, roles: Array<Role>, affiliation: Affiliation } | null, organization: { name: string, kind: OrganizationKind } | null, grants: Array<{ kind: AccessPathKind, until: string | null, group: { slug: string } | null, agreementVersion: { agreement: { title: string }, terms: { tlpCeiling: Tlp } } | null }> } };

export type EndOfLogQueryVariables = Exact<{ [key: string]: never; }>;


export type EndOfLogQuery = { viewer: { alertCursor: string } };

export type AlertsQueryVariables = Exact<{
  after?: string | null | undefined;
  filter?: AlertFilter | null | undefined;
}>;


export type AlertsQuery = { alerts: { nodes: Array<{ cursor: string, type: AlertType, at: string, itemId: string | null, count: number, group: { slug: string } | null, item:
        | { title: string, id: string, kind: ItemKind, tlp: Tlp }
        | { title: string, id: string, kind: ItemKind, tlp: Tlp }
        | { name: string | null, id: string, kind: ItemKind, tlp: Tlp }
       | null, subject:
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
        | { id: string }
       | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type FollowAlertsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
  filter?: AlertFilter | null | undefined;
}>;


export type FollowAlertsSubscription = { alerts: { cursor: string, type: AlertType, at: string, itemId: string | null, count: number, group: { slug: string } | null, item:
      | { title: string, id: string, kind: ItemKind, tlp: Tlp }
      | { title: string, id: string, kind: ItemKind, tlp: Tlp }
      | { name: string | null, id: string, kind: ItemKind, tlp: Tlp }
     | null, subject:
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
      | { id: string }
     | null } };

export type AlertLineFragment = { cursor: string, type: AlertType, at: string, itemId: string | null, count: number, group: { slug: string } | null, item:
    | { title: string, id: string, kind: ItemKind, tlp: Tlp }
    | { title: string, id: string, kind: ItemKind, tlp: Tlp }
    | { name: string | null, id: string, kind: ItemKind, tlp: Tlp }
   | null, subject:
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
   | null };

export type LookupQueryVariables = Exact<{
  values: Array<string> | string;
}>;


export type LookupQuery = { lookup: Array<{ value: string, normalized: string | null, type: string | null, score: number | null, sightingCount: number, warnings: Array<{ list: string }>, indicators: Array<{ id: string, name: string | null, tlp: Tlp, source: { attribution: Attribution, sector: string | null, organization: { name: string } | null } }> }> };

export type LedgerHeadQueryVariables = Exact<{ [key: string]: never; }>;


export type LedgerHeadQuery = { unchainedEntries: number, ledgerHead: { seq: number | null, hash: string } | null };

export type LedgerLinksQueryVariables = Exact<{
  afterSeq: number;
}>;


export type LedgerLinksQuery = { ledgerLinks: Array<{ seq: number, entry: string | null, hash: string }> };

export type DisclosuresQueryVariables = Exact<{
  itemId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type DisclosuresQuery = { disclosures: { nodes: Array<{ sector: string | null, path: AccessPathKind, channel: string, firstAt: string, lastAt: string, count: number, item:
        | { id: string, stixId: string, tlp: Tlp }
        | { id: string, stixId: string, tlp: Tlp }
        | { id: string, stixId: string, tlp: Tlp }
      , organization: { name: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ExportIepQueryVariables = Exact<{
  id: string;
}>;


export type ExportIepQuery = { node:
    | { iep: unknown }
    | Record<PropertyKey, never>
   | null };

export type ImportIepMutationVariables = Exact<{
  input: DraftAgreementFromIepInput;
}>;


export type ImportIepMutation = { draftAgreementFromIep: { id: string } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AlertLineFragmentDoc = new TypedDocumentString(`
    fragment AlertLine on Alert {
  cursor
  type
  at
  itemId
  count
  group {
    slug
  }
  item {
    id
    kind
    tlp
    ... on Incident {
      title
    }
    ... on Indicator {
      name
    }
    ... on Advisory {
      title
    }
  }
  subject {
    id
  }
}
    `, {"fragmentName":"AlertLine"}) as unknown as TypedDocumentString<AlertLineFragment, unknown>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    account {
      email
      displayName
      roles
      affiliation
    }
    organization {
      name
      kind
    }
    grants {
      kind
      until
      group {
        slug
      }
      agreementVersion {
        agreement {
          title
        }
        terms {
          tlpCeiling
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const EndOfLogDocument = new TypedDocumentString(`
    query EndOfLog {
  viewer {
    alertCursor
  }
}
    `) as unknown as TypedDocumentString<EndOfLogQuery, EndOfLogQueryVariables>;
export const AlertsDocument = new TypedDocumentString(`
    query Alerts($after: String, $filter: AlertFilter) {
  alerts(first: 100, after: $after, filter: $filter) {
    nodes {
      ...AlertLine
    }
    pageInfo {
      hasNextPage
      endCursor
      endCursor
    }
  }
}
    fragment AlertLine on Alert {
  cursor
  type
  at
  itemId
  count
  group {
    slug
  }
  item {
    id
    kind
    tlp
    ... on Incident {
      title
    }
    ... on Indicator {
      name
    }
    ... on Advisory {
      title
    }
  }
  subject {
    id
  }
}`) as unknown as TypedDocumentString<AlertsQuery, AlertsQueryVariables>;
export const FollowAlertsDocument = new TypedDocumentString(`
    subscription FollowAlerts($after: String, $filter: AlertFilter) {
  alerts(after: $after, filter: $filter) {
    ...AlertLine
  }
}
    fragment AlertLine on Alert {
  cursor
  type
  at
  itemId
  count
  group {
    slug
  }
  item {
    id
    kind
    tlp
    ... on Incident {
      title
    }
    ... on Indicator {
      name
    }
    ... on Advisory {
      title
    }
  }
  subject {
    id
  }
}`) as unknown as TypedDocumentString<FollowAlertsSubscription, FollowAlertsSubscriptionVariables>;
export const LookupDocument = new TypedDocumentString(`
    query Lookup($values: [String!]!) {
  lookup(values: $values) {
    value
    normalized
    type
    score
    sightingCount
    warnings {
      list
    }
    indicators {
      id
      name
      tlp
      source {
        attribution
        sector
        organization {
          name
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LookupQuery, LookupQueryVariables>;
export const LedgerHeadDocument = new TypedDocumentString(`
    query LedgerHead {
  ledgerHead {
    seq
    hash
  }
  unchainedEntries
}
    `) as unknown as TypedDocumentString<LedgerHeadQuery, LedgerHeadQueryVariables>;
export const LedgerLinksDocument = new TypedDocumentString(`
    query LedgerLinks($afterSeq: Int!) {
  ledgerLinks(first: 1000, afterSeq: $afterSeq) {
    seq
    entry
    hash
  }
}
    `) as unknown as TypedDocumentString<LedgerLinksQuery, LedgerLinksQueryVariables>;
export const DisclosuresDocument = new TypedDocumentString(`
    query Disclosures($itemId: ID, $after: String) {
  disclosures(first: 100, itemId: $itemId, after: $after) {
    nodes {
      item {
        id
        stixId
        tlp
      }
      organization {
        name
      }
      sector
      path
      channel
      firstAt
      lastAt
      count
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<DisclosuresQuery, DisclosuresQueryVariables>;
export const ExportIepDocument = new TypedDocumentString(`
    query ExportIep($id: ID!) {
  node(id: $id) {
    ... on AgreementVersion {
      iep
    }
  }
}
    `) as unknown as TypedDocumentString<ExportIepQuery, ExportIepQueryVariables>;
export const ImportIepDocument = new TypedDocumentString(`
    mutation ImportIep($input: DraftAgreementFromIepInput!) {
  draftAgreementFromIep(input: $input) {
    id
  }
}
    `) as unknown as TypedDocumentString<ImportIepMutation, ImportIepMutationVariables>;