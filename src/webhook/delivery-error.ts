/** Why an attempt was not taken, by class. */
export enum DeliveryError {
  ADDRESS_REFUSED = "ADDRESS_REFUSED",
  CONNECTION = "CONNECTION",
  NAME_UNKNOWN = "NAME_UNKNOWN",
  REDIRECT = "REDIRECT",
  STATUS = "STATUS",
  TIMEOUT = "TIMEOUT",
  TLS = "TLS",
}
