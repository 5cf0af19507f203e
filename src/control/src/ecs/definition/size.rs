//! Task-level cpu and memory: how they are written, and that the containers fit into them.

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContainerDefinition, TaskDefinition};

/// Task-level cpu on hosts of one's own, in cpu units. The API reference says 128 at least (`RegisterTaskDefinition.cpu`);
/// hosts of one's own may be small and their tasks smaller, so here any amount above 0 is taken.
const LEAST_CPU: u32 = 1;
const MOST_CPU: u32 = 196_608;

/// Writes `cpu` and `memory` as whole units and MiB, from whatever form they were given in.
///
/// # Errors
/// ClientException when one is no amount.
pub(super) fn normalise(definition: &mut TaskDefinition) -> Result<(), ApiError> {
    if let Some(cpu) = &definition.cpu {
        let units = amount(cpu, &["vcpu", "vcpus"]).ok_or_else(|| invalid("cpu"))?;
        definition.cpu = Some(units.to_string());
    }
    if let Some(memory) = &definition.memory {
        let mib = amount(memory, &["gb"]).ok_or_else(|| invalid("memory"))?;
        definition.memory = Some(mib.to_string());
    }
    Ok(())
}

fn invalid(member: &str) -> ApiError {
    ApiError::client(format!("Invalid '{member}' setting for task."))
}

/// `256` as it is, or `.25 vCPU`, `0.5GB` times 1,024. Blanks and letter case do not count.
fn amount(text: &str, units: &[&str]) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let number = units.iter().rev().find_map(|unit| text.strip_suffix(unit));
    match number {
        None => text.parse().ok().filter(|&n| n > 0),
        Some(number) => thousandths(number.trim()).and_then(|t| {
            let units = t.checked_mul(1024)?;
            (units > 0 && units % 1000 == 0).then(|| u32::try_from(units / 1000).ok())?
        }),
    }
}

/// A decimal number in thousandths.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if fraction.len() > 3 || !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: u64 = format!("{fraction:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(fraction)
}

/// Checks that the sizes are in their range and that the containers fit into the task.
///
/// # Errors
/// ClientException.
pub(super) fn check(definition: &TaskDefinition, containers: &[ContainerDefinition]) -> Result<(), ApiError> {
    let whole = |text: &Option<String>| text.as_deref().and_then(|t| t.parse::<u32>().ok());
    let sum = |part: fn(&ContainerDefinition) -> Option<i32>| -> i64 {
        containers.iter().filter_map(part).map(i64::from).sum()
    };
    if let Some(cpu) = whole(&definition.cpu) {
        if !(LEAST_CPU..=MOST_CPU).contains(&cpu) {
            return Err(ApiError::client(format!(
                "Invalid 'cpu' setting for task. It must be between {LEAST_CPU} and {MOST_CPU} units."
            )));
        }
        if sum(|c| c.cpu) > i64::from(cpu) {
            return Err(too_much("cpu"));
        }
    }
    if let Some(memory) = whole(&definition.memory) {
        if containers.iter().any(|c| c.memory.is_some_and(|m| i64::from(m) > i64::from(memory))) {
            return Err(too_much("memory"));
        }
        if sum(|c| c.memory_reservation.or(c.memory)) > i64::from(memory) {
            return Err(too_much("memory"));
        }
    }
    Ok(())
}

fn too_much(what: &str) -> ApiError {
    ApiError::client(format!("Invalid setting for task: the containers' {what} exceeds the '{what}' of the task."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_every_form_that_ecs_takes() {
        for (text, units) in [("256", 256), (".25 vCPU", 256), ("0.25vcpu", 256), ("1 vCPU", 1024), ("16 vcpu", 16_384)]
        {
            assert_eq!(amount(text, &["vcpu", "vcpus"]), Some(units), "{text}");
        }
        for (text, mib) in [("512", 512), ("0.5GB", 512), ("2 GB", 2048), ("30gb", 30_720)] {
            assert_eq!(amount(text, &["gb"]), Some(mib), "{text}");
        }
        for bad in ["", "0", "-1", "x", "1 XB", "1.5", "vcpu", "1.2345 vCPU", "99999999999", "0.1 vCPU"] {
            assert_eq!(amount(bad, &["vcpu", "vcpus"]), None, "{bad}");
        }
    }
}
