//! Who uses an image: the tasks that have not stopped and the services that would start it again.
//!
//! A task holds the digest that it was started from; before it is RUNNING, and for a service, what its definition names
//! counts. Images that somebody uses are neither deleted nor expired, since the next start would fail.

use std::collections::BTreeMap;

use gantry_model::service::ServiceStatus;
use gantry_model::task::TaskStatus;
use gantry_model::{Digest, ImageTag, RepositoryName, Scope, TaskDefinitionId};
use gantry_store::{Conn, StoreError};
use serde_json::Value;

/// The users of a repository's images; one of each image is told.
#[derive(Debug, Default)]
pub(crate) struct ImageUsers {
    digests: BTreeMap<Digest, String>,
    tags: BTreeMap<ImageTag, String>,
}

impl ImageUsers {
    /// Those of the repository `name`, whose images are written with one of `hosts` before it.
    pub(crate) async fn load(
        conn: &mut Conn,
        scope: &Scope,
        name: &RepositoryName,
        hosts: &[String],
    ) -> Result<Self, StoreError> {
        let mut users = Self::default();
        for task in gantry_store::task::unstopped(conn).await?.iter().filter(|task| task.scope == *scope) {
            let user = || format!("the task {} of the cluster {}", task.id, task.cluster);
            for container in &task.containers {
                let Some(named) = reference(&container.image, name, hosts) else { continue };
                if let Some(digest) = container.image_digest.as_deref().and_then(|text| Digest::parse(text).ok()) {
                    users.digests.entry(digest).or_insert_with(user);
                }
                if task.last_status < TaskStatus::Running {
                    users.add(named, user());
                }
            }
        }
        for service in gantry_store::service::unfinished(conn).await? {
            if service.scope != *scope || service.status != ServiceStatus::Active {
                continue;
            }
            let user = format!("the service {} of the cluster {}", service.name, service.cluster);
            let deployed = service.deployments.iter().map(|deployment| &deployment.task_definition);
            for definition in deployed.chain(service.task_sets.iter().map(|set| &set.task_definition)) {
                for image in images_of(conn, scope, definition).await? {
                    if let Some(named) = reference(&image, name, hosts) {
                        users.add(named, user.clone());
                    }
                }
            }
        }
        Ok(users)
    }

    fn add(&mut self, named: Named, user: String) {
        match named {
            Named::Digest(digest) => drop(self.digests.entry(digest).or_insert(user)),
            Named::Tag(tag) => drop(self.tags.entry(tag).or_insert(user)),
        }
    }

    /// Who uses the image with these tags.
    pub(crate) fn of_image(&self, digest: &Digest, tags: &[ImageTag]) -> Option<&str> {
        let by_digest = self.digests.get(digest).map(String::as_str);
        by_digest.or_else(|| tags.iter().find_map(|tag| self.of_tag(tag)))
    }

    /// Who starts what the tag names.
    pub(crate) fn of_tag(&self, tag: &ImageTag) -> Option<&str> {
        self.tags.get(tag).map(String::as_str)
    }

    /// Any user.
    pub(crate) fn any(&self) -> Option<&str> {
        self.digests.values().chain(self.tags.values()).next().map(String::as_str)
    }
}

async fn images_of(conn: &mut Conn, scope: &Scope, id: &TaskDefinitionId) -> Result<Vec<String>, StoreError> {
    let found = gantry_store::task_definition::get(conn, scope, id).await?;
    let containers = found.as_ref().and_then(|found| found.document.get("containerDefinitions"));
    let images = containers.and_then(Value::as_array).into_iter().flatten();
    Ok(images.filter_map(|container| container.get("image")?.as_str().map(str::to_owned)).collect())
}

#[derive(Debug, PartialEq, Eq)]
enum Named {
    Digest(Digest),
    Tag(ImageTag),
}

/// What `image` names of the repository `name`; `None` when it is another's.
fn reference(image: &str, name: &RepositoryName, hosts: &[String]) -> Option<Named> {
    let (host, rest) = image.split_once('/')?;
    // AWS's form of the host carries account and region before ours: both mean this registry.
    let is_ours = hosts.iter().any(|own| host == own) || host.contains(".dkr.ecr.");
    let rest = rest.strip_prefix(name.as_str()).filter(|_| is_ours)?;
    if let Some((_, digest)) = rest.split_once('@') {
        return Digest::parse(digest).ok().map(Named::Digest);
    }
    match rest.strip_prefix(':') {
        Some(tag) => ImageTag::parse(tag).ok().map(Named::Tag),
        None if rest.is_empty() => ImageTag::parse("latest").ok().map(Named::Tag),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_the_repository_is_known_by_host_and_name() {
        let name = RepositoryName::parse("team/web").unwrap();
        let hosts = ["registry.test:5000".to_owned()];
        let digest = format!("sha256:{}", "a".repeat(64));
        let tag = |tag: &str| Some(Named::Tag(ImageTag::parse(tag).unwrap()));
        for (image, expected) in [
            ("registry.test:5000/team/web:v1".to_owned(), tag("v1")),
            ("registry.test:5000/team/web".to_owned(), tag("latest")),
            ("000000000000.dkr.ecr.us-east-1.registry.test:5000/team/web:v1".to_owned(), tag("v1")),
            (format!("registry.test:5000/team/web@{digest}"), Some(Named::Digest(Digest::parse(&digest).unwrap()))),
            (format!("registry.test:5000/team/web:v1@{digest}"), Some(Named::Digest(Digest::parse(&digest).unwrap()))),
            ("registry.test:5000/team/website:v1".to_owned(), None),
            ("registry.test:5000/team".to_owned(), None),
            ("docker.io/team/web:v1".to_owned(), None),
            ("busybox".to_owned(), None),
        ] {
            assert_eq!(reference(&image, &name, &hosts), expected, "{image}");
        }
    }
}
