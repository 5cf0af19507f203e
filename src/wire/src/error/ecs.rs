//! Errors of Amazon ECS (model `ecs-2014-11-13`; texts as the service answers them where they are known).

use super::ApiError;

impl ApiError {
    /// The cluster that a request names is not there.
    #[must_use]
    pub fn cluster_not_found() -> Self {
        Self::new("ClusterNotFoundException", "Cluster not found.")
    }

    /// The service that a request names is not there.
    #[must_use]
    pub fn service_not_found() -> Self {
        Self::new("ServiceNotFoundException", "Service not found.")
    }

    /// The service is being deleted or was.
    #[must_use]
    pub fn service_not_active() -> Self {
        Self::new("ServiceNotActiveException", "Service was not ACTIVE.")
    }
}
