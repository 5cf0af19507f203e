//! The hosts that a task of a cluster may go to, with what is free on them.

use gantry_model::container_instance::ContainerInstance;
use gantry_model::task::LaunchType;
use gantry_model::{ClusterName, Scope};
use gantry_scheduler::ClusterState;
use gantry_store::Conn;

use crate::error::Failure;

/// The hosts of a launch type and the scheduler's view of them.
///
/// EC2 and EXTERNAL tasks go to the cluster's own container instances; Fargate tasks to every host that serves Fargate,
/// whichever cluster it is registered in. A host's resources are counted once, whatever views it has.
pub struct Hosts {
    pub instances: Vec<ContainerInstance>,
    pub state: ClusterState,
}

impl Hosts {
    /// Loads them.
    ///
    /// # Errors
    /// The store's.
    pub async fn load(
        conn: &mut Conn,
        scope: &Scope,
        cluster: &ClusterName,
        launch_type: LaunchType,
    ) -> Result<Self, Failure> {
        let instances = match launch_type {
            LaunchType::Fargate => gantry_store::container_instance::list_serving_fargate(conn, scope).await?,
            LaunchType::Ec2 | LaunchType::External => {
                gantry_store::container_instance::list(conn, scope, cluster).await?
            }
        };
        let holding = gantry_store::task::holding(conn, scope).await?;
        let state = ClusterState::new(cluster, &instances, &holding);
        Ok(Self { instances, state })
    }
}
