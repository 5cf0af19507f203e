//! Docker's part of a container: what of a definition is written as `config` and `hostConfig` in Docker's own JSON.
//!
//! Which member becomes what: ECS API reference, `ContainerDefinition` and `LinuxParameters`, where each names the Docker
//! option that it stands for. Members that are not given are not written, so the engine's defaults hold.

use gantry_wire::shapes::ecs::{ContainerDefinition, Device, HealthCheck, LinuxParameters, LogConfiguration, Ulimit};
use serde::Serialize;
use serde_json::{Map, Value, json};

const MIB: i64 = 1024 * 1024;
const NANOS_A_SECOND: i64 = 1_000_000_000;

/// The body of a create request, but for what the payload says in words of its own.
pub(super) fn config(c: &ContainerDefinition) -> Value {
    let mut config = Members::default();
    config.put("Hostname", c.hostname.as_ref());
    config.put("User", c.user.as_ref());
    config.put("WorkingDir", c.working_directory.as_ref());
    config.put("Tty", c.pseudo_terminal);
    config.put("OpenStdin", c.interactive);
    config.put("NetworkDisabled", c.disable_networking);
    config.put("Labels", c.docker_labels.as_ref());
    config.put("Healthcheck", c.health_check.as_ref().map(health_check));
    config.into()
}

/// The `HostConfig`, with the memory limits in MiB; 0 is none.
pub(super) fn host_config(c: &ContainerDefinition, memory_mib: i64, soft_mib: i64) -> Value {
    let mut host = Members::default();
    host.put("MemoryReservation", (soft_mib > 0).then_some(soft_mib * MIB));
    host.put("Privileged", c.privileged);
    host.put("ReadonlyRootfs", c.readonly_root_filesystem);
    host.put("Dns", c.dns_servers.as_ref());
    host.put("DnsSearch", c.dns_search_domains.as_ref());
    host.put("SecurityOpt", c.docker_security_options.as_ref());
    host.put(
        "ExtraHosts",
        c.extra_hosts.as_ref().map(|hosts| {
            let line = |h: &gantry_wire::shapes::ecs::HostEntry| {
                format!("{}:{}", h.hostname.as_deref().unwrap_or_default(), h.ip_address.as_deref().unwrap_or_default())
            };
            hosts.iter().map(line).collect::<Vec<_>>()
        }),
    );
    host.put("Ulimits", c.ulimits.as_ref().map(|limits| limits.iter().map(ulimit).collect::<Vec<_>>()));
    host.put("LogConfig", c.log_configuration.as_ref().map(log_config));
    host.put(
        "Sysctls",
        c.system_controls.as_ref().filter(|controls| !controls.is_empty()).map(|controls| {
            let pair =
                |s: &gantry_wire::shapes::ecs::SystemControl| Some((s.namespace.clone()?, json!(s.value.clone()?)));
            controls.iter().filter_map(pair).collect::<Map<_, _>>()
        }),
    );
    if let Some(linux) = &c.linux_parameters {
        linux_parameters(linux, memory_mib, &mut host);
    }
    host.into()
}

/// A JSON object that takes only what is given.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn put<T: Serialize>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), json!(value));
        }
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

/// ECS's defaults: every 30 seconds, 5 seconds to answer, unhealthy after 3 failures.
fn health_check(check: &HealthCheck) -> Value {
    let nanos = |seconds: i32| i64::from(seconds) * NANOS_A_SECOND;
    let mut written = Members::default();
    written.put("Test", check.command.as_ref());
    written.put("Interval", Some(nanos(check.interval.unwrap_or(30))));
    written.put("Timeout", Some(nanos(check.timeout.unwrap_or(5))));
    written.put("Retries", Some(check.retries.unwrap_or(3)));
    written.put("StartPeriod", check.start_period.filter(|&s| s > 0).map(nanos));
    written.into()
}

fn ulimit(limit: &Ulimit) -> Value {
    json!({ "Name": limit.name, "Soft": limit.soft_limit, "Hard": limit.hard_limit })
}

fn log_config(log: &LogConfiguration) -> Value {
    let options = log.options.clone().unwrap_or_default();
    json!({ "Type": log.log_driver, "Config": options })
}

fn linux_parameters(linux: &LinuxParameters, memory_mib: i64, host: &mut Members) {
    host.put("Init", linux.init_process_enabled);
    host.put("ShmSize", linux.shared_memory_size.map(|mib| i64::from(mib) * MIB));
    if let Some(capabilities) = &linux.capabilities {
        host.put("CapAdd", capabilities.add.as_ref());
        host.put("CapDrop", capabilities.drop.as_ref());
    }
    host.put("Devices", linux.devices.as_ref().map(|devices| devices.iter().map(device).collect::<Vec<_>>()));
    host.put(
        "Tmpfs",
        linux.tmpfs.as_ref().map(|mounts| {
            let mount = |t: &gantry_wire::shapes::ecs::Tmpfs| {
                let size = format!("size={}", i64::from(t.size.unwrap_or(0)) * MIB);
                let options: Vec<String> = t.mount_options.iter().flatten().cloned().chain([size]).collect();
                (t.container_path.clone().unwrap_or_default(), json!(options.join(",")))
            };
            mounts.iter().map(mount).collect::<Map<_, _>>()
        }),
    );
    // Docker counts memory and swap together; ECS gives the swap alone, and swappiness means nothing without it.
    if let Some(swap_mib) = linux.max_swap {
        host.put("MemorySwap", (memory_mib > 0).then_some((memory_mib + i64::from(swap_mib)) * MIB));
        host.put("MemorySwappiness", linux.swappiness);
    }
}

fn device(device: &Device) -> Value {
    let letter = |permission: &String| match permission.as_str() {
        "read" => "r",
        "write" => "w",
        _ => "m",
    };
    let given: String = device.permissions.iter().flatten().map(letter).collect();
    let host_path = device.host_path.clone().unwrap_or_default();
    json!({
        "PathInContainer": device.container_path.clone().unwrap_or_else(|| host_path.clone()),
        "PathOnHost": host_path,
        "CgroupPermissions": if given.is_empty() { "rwm".to_owned() } else { given },
    })
}
