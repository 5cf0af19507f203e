//! What an agent says of its host when it registers, read: identity document, resources, attributes.
//!
//! Source: ECS API reference, `RegisterContainerInstance`, and Amazon's agent, which sends an EC2 instance identity
//! document. Its signature is EC2's and proves nothing here: an agent is known by the key that signs its requests.

use std::collections::BTreeSet;

use gantry_model::Region;
use gantry_model::container_instance::{AVAILABILITY_ZONE, Attribute, INSTANCE_TYPE};
use gantry_model::resources::Resources;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde::Deserialize;

use crate::ecs::attributes;

const AMI_ID: &str = "ecs.ami-id";
const OS_TYPE: &str = "ecs.os-type";
/// Says that the host serves Fargate tasks of every cluster.
const SERVES_FARGATE: &str = "gantry.serves-fargate";

/// The members of an EC2 instance identity document that count here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Identity {
    pub instance_id: Option<String>,
    pub availability_zone: Option<String>,
    pub instance_type: Option<String>,
    pub image_id: Option<String>,
}

impl Identity {
    /// Reads a document; none is an empty one.
    ///
    /// # Errors
    /// ClientException when it is not JSON of that form.
    pub fn read(document: Option<&str>) -> Result<Self, ApiError> {
        match document.filter(|d| !d.trim().is_empty()) {
            None => Ok(Self::default()),
            Some(document) => serde_json::from_str(document)
                .map_err(|e| ApiError::client(format!("instanceIdentityDocument does not read: {e}"))),
        }
    }

    /// The attributes that follow from the document.
    fn attributes(&self, region: &Region) -> Vec<Attribute> {
        let zone = self.availability_zone.clone().unwrap_or_else(|| format!("{region}a"));
        [
            (AVAILABILITY_ZONE, Some(zone)),
            (INSTANCE_TYPE, self.instance_type.clone()),
            (AMI_ID, self.image_id.clone()),
            (OS_TYPE, Some("linux".to_owned())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(Attribute { name: name.to_owned(), value: Some(value?) }))
        .collect()
    }
}

/// What the host has.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    pub resources: Resources,
    pub reserved_tcp: BTreeSet<u16>,
    pub reserved_udp: BTreeSet<u16>,
    pub gpus: u32,
}

impl Capacity {
    /// Reads `totalResources` and `platformDevices`. Resources of a name that Gantry does not know are passed over.
    ///
    /// # Errors
    /// InvalidParameterException for an amount or port that is none.
    pub fn read(total: &[wire::Resource], devices: &[wire::PlatformDevice]) -> Result<Self, ApiError> {
        let mut capacity = Self::default();
        for resource in total {
            match resource.name.as_deref() {
                Some("CPU") => capacity.resources.cpu = amount(resource)?,
                Some("MEMORY") => capacity.resources.memory_mib = amount(resource)?,
                Some("PORTS") => capacity.reserved_tcp = ports(resource)?,
                Some("PORTS_UDP") => capacity.reserved_udp = ports(resource)?,
                Some("GPU") => capacity.gpus = count(resource.string_set_value.as_deref().unwrap_or_default().len()),
                _ => {}
            }
        }
        let gpus = devices.iter().filter(|d| d.r#type.as_deref() == Some("GPU")).count();
        capacity.gpus = capacity.gpus.max(count(gpus));
        Ok(capacity)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The agent writes an amount into whichever member its resource's type names.
fn amount(resource: &wire::Resource) -> Result<u32, ApiError> {
    let value = resource.integer_value.map(i64::from).filter(|&n| n != 0).or(resource.long_value).unwrap_or(0);
    u32::try_from(value).map_err(|_| {
        let name = resource.name.as_deref().unwrap_or_default();
        ApiError::invalid_parameter(format!("totalResources: {value} is not an amount of {name}."))
    })
}

fn ports(resource: &wire::Resource) -> Result<BTreeSet<u16>, ApiError> {
    let invalid = |port: &String| ApiError::invalid_parameter(format!("totalResources: '{port}' is not a port."));
    resource.string_set_value.iter().flatten().map(|port| port.parse().map_err(|_| invalid(port))).collect()
}

/// The attributes of a host that registers with `given`: its own before those of the document, and of those it `had`
/// the custom ones, which an agent sends only the first time.
///
/// # Errors
/// InvalidParameterException for a name or value of a wrong form.
pub fn attributes_of(
    given: &[wire::Attribute],
    identity: &Identity,
    region: &Region,
    had: &[Attribute],
) -> Result<Vec<Attribute>, ApiError> {
    let mut all: Vec<Attribute> = given.iter().map(attributes::read).collect::<Result<_, _>>()?;
    let custom = had.iter().filter(|a| !attributes::is_built_in(&a.name)).cloned();
    for attribute in identity.attributes(region).into_iter().chain(custom) {
        if !all.iter().any(|a| a.name == attribute.name) {
            all.push(attribute);
        }
    }
    all.sort();
    all.dedup_by(|later, first| later.name == first.name);
    Ok(all)
}

/// Whether a host with these attributes also serves Fargate tasks.
#[must_use]
pub fn serves_fargate(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| a.name == SERVES_FARGATE && a.value.as_deref() == Some("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, value: &str) -> Attribute {
        Attribute { name: name.to_owned(), value: Some(value.to_owned()) }
    }

    fn given(name: &str, value: &str) -> wire::Attribute {
        wire::Attribute { name: Some(name.to_owned()), value: Some(value.to_owned()), ..wire::Attribute::default() }
    }

    fn region() -> Region {
        Region::parse("eu-west-1").unwrap()
    }

    #[test]
    fn the_document_fills_in_what_the_agent_does_not_say() {
        let document =
            r#"{"instanceId":"i-1","availabilityZone":"eu-west-1b","instanceType":"t3.small","imageId":"ami-1"}"#;
        let identity = Identity::read(Some(document)).unwrap();
        let all = attributes_of(&[given("ecs.os-type", "windows")], &identity, &region(), &[]).unwrap();
        assert!(all.contains(&named("ecs.availability-zone", "eu-west-1b")));
        assert!(all.contains(&named("ecs.instance-type", "t3.small")));
        assert!(all.contains(&named("ecs.ami-id", "ami-1")));
        assert!(all.contains(&named("ecs.os-type", "windows")));
        assert!(!all.contains(&named("ecs.os-type", "linux")));
    }

    #[test]
    fn custom_attributes_outlive_a_second_registration_and_capabilities_do_not() {
        let had = [named("stack", "blue"), named("ecs.capability.old", "x")];
        let all = attributes_of(&[], &Identity::default(), &region(), &had).unwrap();
        assert!(all.contains(&named("stack", "blue")));
        assert!(!all.iter().any(|a| a.name == "ecs.capability.old"));
    }

    #[test]
    fn amounts_are_read_from_the_agents_list() {
        let integer = |name: &str, n| wire::Resource {
            name: Some(name.to_owned()),
            r#type: Some("INTEGER".to_owned()),
            integer_value: Some(n),
            ..wire::Resource::default()
        };
        let ports = wire::Resource {
            name: Some("PORTS".to_owned()),
            string_set_value: Some(vec!["22".to_owned(), "2375".to_owned()]),
            ..wire::Resource::default()
        };
        let capacity = Capacity::read(&[integer("CPU", 2048), integer("MEMORY", 3900), ports], &[]).unwrap();
        assert_eq!(capacity.resources, Resources { cpu: 2048, memory_mib: 3900 });
        assert_eq!(capacity.reserved_tcp, BTreeSet::from([22, 2375]));
        assert!(Capacity::read(&[integer("CPU", -1)], &[]).is_err());
    }
}
