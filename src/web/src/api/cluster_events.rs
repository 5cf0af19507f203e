//! What happened in a cluster: the event feeds of its services, in one.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::components::EventLine;
use crate::error::ApiError;
use crate::state::State;

/// One line of a service's event feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceEvent {
    pub id: String,
    pub at: i64,
    pub cluster: String,
    pub service: String,
    /// As ECS words it: `(service web) has reached a steady state.`
    pub message: String,
}

impl ServiceEvent {
    /// The state that the sentence tells of, by ECS's wording (ECS developer guide, "Service event messages").
    #[must_use]
    pub fn state(&self) -> State {
        let has = |part: &str| self.message.contains(part);
        if has("unable to") || has("failed") || has("unhealthy") || has("rolled back") || has("rolling back") {
            State::Failed
        } else if has("steady state")
            || has("completed")
            || has("has started")
            || has("registered") && !has("deregistered")
        {
            State::Running
        } else if has("stopped") || has("draining") || has("deregistered") {
            State::Draining
        } else {
            State::Pending
        }
    }

    /// The sentence without the name of the service, which stands in its own column.
    #[must_use]
    pub fn sentence(&self) -> &str {
        let prefix = format!("(service {}) ", self.service);
        self.message.strip_prefix(prefix.as_str()).unwrap_or(&self.message)
    }

    /// As the feed shows it.
    #[must_use]
    pub fn line(&self, with_subject: bool) -> EventLine {
        let href = format!("/clusters/{}/services/{}", self.cluster, self.service);
        EventLine {
            id: self.id.clone(),
            at: self.at,
            cluster: self.cluster.clone(),
            state: self.state(),
            subject: with_subject.then(|| (self.service.clone(), href)),
            text: self.sentence().to_owned(),
        }
    }
}

/// The newest events of a cluster's services, at most `limit`.
#[server(prefix = "/ui/api", endpoint = "list-cluster-events")]
pub async fn list_cluster_events(cluster: String, limit: u32) -> Result<Vec<ServiceEvent>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let services = crate::api::service_list::read::describe_all(&ecs, &cluster).await?;
    let mut events: Vec<ServiceEvent> = services.iter().flat_map(|service| read::events(&cluster, service)).collect();
    events.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(events)
}

/// The newest events of all clusters.
#[server(prefix = "/ui/api", endpoint = "list-events")]
pub async fn list_events() -> Result<Vec<ServiceEvent>, ApiError> {
    let mut events = Vec::new();
    for cluster in super::clusters::list_clusters().await? {
        events.extend(list_cluster_events(cluster.name, read::MOST_EVENTS).await?);
    }
    events.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    events.truncate(read::MOST_EVENTS as usize);
    Ok(events)
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    //! Reading service events through the SDK.

    use aws_sdk_ecs::types::Service;

    use super::ServiceEvent;
    use crate::api::convert::{millis, text};

    /// A feed over all clusters ends here.
    pub(super) const MOST_EVENTS: u32 = 300;

    /// The events that DescribeServices gives: the newest hundred.
    pub(crate) fn events(cluster: &str, service: &Service) -> Vec<ServiceEvent> {
        let name = text(service.service_name());
        service
            .events()
            .iter()
            .map(|event| ServiceEvent {
                id: text(event.id()),
                at: millis(event.created_at()).unwrap_or_default(),
                cluster: cluster.to_owned(),
                service: name.clone(),
                message: text(event.message()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_drawn_by_what_its_sentence_says() {
        let event = |message: &str| ServiceEvent {
            id: "1".into(),
            at: 0,
            cluster: "prod".into(),
            service: "web".into(),
            message: format!("(service web) {message}"),
        };
        for (message, state) in [
            ("has reached a steady state.", State::Running),
            ("was unable to place a task because no container instance met all of its requirements.", State::Failed),
            ("has started 1 tasks: (task 0123).", State::Running),
            ("has stopped 1 running tasks: (task 0123).", State::Draining),
            ("has begun draining connections on 1 tasks.", State::Draining),
        ] {
            assert_eq!((event(message).state(), event(message).sentence()), (state, message));
        }
    }
}
