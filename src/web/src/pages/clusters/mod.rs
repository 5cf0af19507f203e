//! Clusters: all of them, one with its tabs, its hosts.

pub mod capacity;
pub mod create;
pub mod events;
pub mod frame;
pub mod instance;
pub mod instances;
pub mod list;
pub mod pools;
pub mod services;
pub mod tasks;
pub mod topology;

pub use capacity::ClusterCapacity;
pub use create::CreateCluster;
pub use events::ClusterEvents;
pub use instance::InstancePage;
pub use instances::ClusterInstances;
pub use list::Clusters;
pub use services::ClusterServices;
pub use tasks::ClusterTasks;
pub use topology::ClusterTopology;
