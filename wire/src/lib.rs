//! What travels between an authority and a provider, and how each proves who wrote it.
//!
//! Both ends use this package: the authority's server asks, the provider's connector answers.
//! It opens no socket, reads no file and knows neither cases nor subscriber records.
//!
//! * [`message`]: the JSON bodies of `POST /v1/identifications`, `/v1/disclosures`, `/v1/relays`.
//! * [`measure`]: those of `POST /v1/measures` and `/v1/measures/states`.
//! * [`register`]: the closed question before a new subscription (RFC 9497).
//! * [`signature`]: HTTP Message Signatures (RFC 9421) over a Content-Digest (RFC 9530).
//! * [`sealing`]: a disclosure encrypted to the authority's identity compartment (RFC 9180).

pub mod authorisation;
pub mod measure;
pub mod message;
mod randomness;
pub mod register;
pub mod sealing;
pub mod signature;
