//! What the generated tables are made of: services, operations, errors and constraints.
//!
//! The tables are static and ordered by name, so every look-up is a binary search and nothing is built at run time.

use crate::shapes;

/// The AWS services that Gantry speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Acm,
    Ecs,
    Ecr,
    ElasticLoadBalancing,
    Events,
    Logs,
    SecretsManager,
    Ssm,
    Sts,
}

/// How a service's requests and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// JSON bodies, the operation in `X-Amz-Target`.
    AwsJson11,
    /// Form bodies with `Action`, XML answers.
    AwsQuery,
}

/// A service: how it is spoken to, and all that it has.
#[derive(Debug)]
pub struct ServiceModel {
    pub service: Service,
    pub api_version: &'static str,
    pub protocol: Protocol,
    /// What stands before the dot in `X-Amz-Target`.
    pub target_prefix: Option<&'static str>,
    pub xml_namespace: Option<&'static str>,
    pub operations: &'static [OperationModel],
    pub errors: &'static [ErrorModel],
    pub shapes: &'static [Shape],
}

/// An operation.
#[derive(Debug, PartialEq, Eq)]
pub struct OperationModel {
    pub service: Service,
    pub name: &'static str,
    /// The shape of its input.
    pub input: Option<&'static str>,
    /// The shape of its output.
    pub output: Option<&'static str>,
    /// The errors that it is documented to answer.
    pub errors: &'static [&'static str],
}

/// A modelled error.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorModel {
    pub name: &'static str,
    pub http_status: u16,
    /// Its members, `message` among them.
    pub members: &'static [&'static str],
}

/// A named shape and what a value of it must satisfy.
#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    pub kind: Kind,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub shape: &'static str,
    pub required: bool,
}

/// The type of a shape with its constraints. Lengths of strings are counted in characters, of blobs in bytes, of lists
/// and maps in entries; both ends are allowed.
#[derive(Debug)]
pub enum Kind {
    String { min: Option<usize>, max: Option<usize>, pattern: Option<&'static str>, values: &'static [&'static str] },
    Boolean,
    Integer { min: Option<i64>, max: Option<i64> },
    Long { min: Option<i64>, max: Option<i64> },
    Double { min: Option<f64>, max: Option<f64> },
    Timestamp,
    Blob { min: Option<usize>, max: Option<usize> },
    Document,
    List { member: &'static str, min: Option<usize>, max: Option<usize> },
    Map { key: &'static str, value: &'static str, min: Option<usize>, max: Option<usize> },
    Structure(&'static [Member]),
}

impl Service {
    /// All services.
    pub const ALL: [Self; 9] = [
        Self::Acm,
        Self::Ecs,
        Self::Ecr,
        Self::ElasticLoadBalancing,
        Self::Events,
        Self::Logs,
        Self::SecretsManager,
        Self::Ssm,
        Self::Sts,
    ];

    /// The name that a signature's credential scope gives the service.
    #[must_use]
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Acm => "acm",
            Self::Ecs => "ecs",
            Self::Ecr => "ecr",
            Self::ElasticLoadBalancing => "elasticloadbalancing",
            Self::Events => "events",
            Self::Logs => "logs",
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }

    /// The service with that name in a credential scope.
    #[must_use]
    pub fn from_signing_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.signing_name() == name)
    }

    /// The service whose requests carry that prefix in `X-Amz-Target`.
    #[must_use]
    pub fn from_target_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.model().target_prefix == Some(prefix))
    }

    /// The service's model.
    #[must_use]
    pub fn model(self) -> &'static ServiceModel {
        match self {
            Self::Acm => &shapes::acm::MODEL,
            Self::Ecs => &shapes::ecs::MODEL,
            Self::Ecr => &shapes::ecr::MODEL,
            Self::ElasticLoadBalancing => &shapes::elasticloadbalancing::MODEL,
            Self::Events => &shapes::events::MODEL,
            Self::Logs => &shapes::logs::MODEL,
            Self::SecretsManager => &shapes::secretsmanager::MODEL,
            Self::Ssm => &shapes::ssm::MODEL,
            Self::Sts => &shapes::sts::MODEL,
        }
    }

    /// The operation with that name.
    #[must_use]
    pub fn operation(self, name: &str) -> Option<&'static OperationModel> {
        find(self.model().operations, name, |operation| operation.name)
    }

    /// The modelled error with that name.
    #[must_use]
    pub fn error(self, name: &str) -> Option<&'static ErrorModel> {
        find(self.model().errors, name, |error| error.name)
    }

    /// The shape with that name.
    #[must_use]
    pub fn shape(self, name: &str) -> Option<&'static Shape> {
        find(self.model().shapes, name, |shape| shape.name)
    }
}

fn find<T>(table: &'static [T], name: &str, key: fn(&T) -> &'static str) -> Option<&'static T> {
    table.binary_search_by(|row| key(row).cmp(name)).ok().and_then(|at| table.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_table_is_found_by_its_name() {
        for service in Service::ALL {
            let model = service.model();
            for operation in model.operations {
                assert_eq!(service.operation(operation.name).map(|o| o.name), Some(operation.name));
            }
            for error in model.errors {
                assert_eq!(service.error(error.name), Some(error));
            }
            for shape in model.shapes {
                assert_eq!(service.shape(shape.name).map(|s| s.name), Some(shape.name));
            }
        }
        assert_eq!(Service::Ecs.operation("RunTasks"), None);
    }

    #[test]
    fn services_are_known_by_target_prefix_and_scope() {
        assert_eq!(Service::from_target_prefix("AmazonEC2ContainerServiceV20141113"), Some(Service::Ecs));
        assert_eq!(Service::from_target_prefix("AmazonEC2ContainerRegistry_V20150921"), Some(Service::Ecr));
        assert_eq!(Service::from_target_prefix("DynamoDB_20120810"), None);
        assert_eq!(Service::from_signing_name("sts"), Some(Service::Sts));
        assert_eq!(Service::from_signing_name("s3"), None);
    }
}
