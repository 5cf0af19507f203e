//! Who may do what, until policies say it in detail.

use gantry_model::RepositoryName;
use gantry_model::principal::{Principal, PrincipalKind};

/// What agents may do: sign in and pull.
const PULL: [&str; 5] = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:GetDownloadUrlForLayer",
];

/// A refusal, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("User: {arn} is not authorized to perform: {action} on resource: {resource}")]
pub struct Denied {
    pub arn: String,
    pub action: String,
    pub resource: String,
}

/// Whether `principal` may perform `action` (`ecr:PutImage` and the like) on a repository, or on `*`.
///
/// # Errors
/// [`Denied`] when it may not.
pub fn authorise(principal: &Principal, action: &str, repository: Option<&RepositoryName>) -> Result<(), Denied> {
    let allowed = match principal.kind {
        PrincipalKind::Admin => true,
        PrincipalKind::Agent => PULL.contains(&action),
        PrincipalKind::Proxy => false,
    };
    if allowed {
        return Ok(());
    }
    let resource = repository.map_or_else(|| "*".to_owned(), |name| format!("repository/{name}"));
    Err(Denied { arn: principal.arn.clone(), action: action.to_owned(), resource })
}

#[cfg(test)]
mod tests {
    use gantry_model::AccountId;

    use super::*;

    #[test]
    fn agents_pull_and_admins_do_everything() {
        let mut principal = Principal {
            account: AccountId::parse("000000000000").unwrap(),
            arn: "arn:aws:iam::000000000000:role/agent".to_owned(),
            kind: PrincipalKind::Agent,
        };
        let name = RepositoryName::parse("team/app").unwrap();
        assert!(authorise(&principal, "ecr:BatchGetImage", Some(&name)).is_ok());
        let denied = authorise(&principal, "ecr:PutImage", Some(&name)).unwrap_err().to_string();
        assert!(denied.ends_with("is not authorized to perform: ecr:PutImage on resource: repository/team/app"));
        principal.kind = PrincipalKind::Admin;
        assert!(authorise(&principal, "ecr:PutImage", Some(&name)).is_ok());
    }
}
