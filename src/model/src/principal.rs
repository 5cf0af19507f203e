//! Who is calling.

use serde::{Deserialize, Serialize};

use crate::ids::AccountId;

/// The caller of an operation, as the signature or the session proved it.
///
/// The dashboard's in-process connector puts one of these, inside a [`Caller`], into the request's extensions; the API
/// front then skips the signature. Extensions do not come off a wire, so no client can do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    pub account: AccountId,
    /// `arn:aws:iam::ACCOUNT:user/NAME` or the like; what `registeredBy` and `createdBy` show.
    pub arn: String,
    pub kind: PrincipalKind,
}

/// What a principal may do until policies say it in detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrincipalKind {
    /// Everything.
    Admin,
    /// An agent: the agent's own operations and pulling images.
    Agent,
    /// A proxy: to be told what load balancers are to carry, with the keys of their certificates, and nothing else.
    Proxy,
}

/// A principal with what a signature would have said beside it: the region and service of the credential scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    pub region: crate::ids::Region,
    pub service: String,
}
