//! What a container is given and nobody sees: values that are asked for when it is created, and kept nowhere.
//!
//! They are in the container's environment and in the options of its log driver, which the engine's operator can look at,
//! as with Amazon's agent; they are neither on this agent's disk nor in its log. A container that is created later, of the
//! same task or another, is given what the value is then.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gantry_model::secret::reference::SecretReference;
use gantry_wire::schema::Service;
use gantry_wire::shapes::secretsmanager::{GetSecretValueRequest, GetSecretValueResponse};
use gantry_wire::shapes::ssm::{GetParameterRequest, GetParameterResult};
use serde_json::Value;
use tokio::time::Instant;

use crate::api::{Api, CallError};
use crate::engine::RegistryAuth;
use crate::image::describe;
use crate::spec::ContainerSpec;
use crate::task_machine::Task;
use crate::worker::Backoff;

/// How long a control plane that does not answer is asked again.
const TIMEOUT: Duration = Duration::from_mins(4);

/// Why a value is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Asking again may help.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Refused(String),
}

/// Where values come from.
pub trait Secrets: Send + Sync + 'static {
    /// The whole value of what `reference` names, in a task of `region`.
    fn value(&self, reference: &SecretReference, region: &str) -> BoxFuture<'_, Result<String, SecretError>>;
}

/// The values of one container. They do not show in `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values {
    pub environment: Vec<(String, String)>,
    pub log_options: Vec<(String, String)>,
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = |of: &[(String, String)]| of.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("Values")
            .field("environment", &names(&self.environment))
            .field("log_options", &names(&self.log_options))
            .finish()
    }
}

/// The values that `container` of `task` is created with.
///
/// # Errors
/// Why the task cannot run, as ECS words it.
pub async fn values(secrets: &dyn Secrets, task: &Task, container: usize) -> Result<Values, String> {
    let spec = &task.spec.containers[container];
    let mut values = Values::default();
    for secret in &spec.secrets {
        let value = resolve(secrets, task, &secret.value_from).await?;
        let list = if secret.for_log_driver { &mut values.log_options } else { &mut values.environment };
        list.push((secret.name.clone(), value));
    }
    Ok(values)
}

/// The user and password of the registry that the container's image comes from, when a secret holds them.
///
/// # Errors
/// Why the task cannot run, as ECS words it.
pub async fn registry_auth(
    secrets: &dyn Secrets,
    task: &Task,
    spec: &ContainerSpec,
) -> Result<Option<RegistryAuth>, String> {
    let Some(value_from) = &spec.registry_secret else { return Ok(None) };
    let text = resolve(secrets, task, value_from).await?;
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(username), Some(password)) = (part("username"), part("password")) else {
        return Err(failed(&format!(
            "unable to get registry auth from asm: the value of {value_from} is not a JSON object with username and password"
        )));
    };
    let server = crate::image::registry_host(&spec.image).unwrap_or_default().to_owned();
    Ok(Some(RegistryAuth { username, password, server }))
}

async fn resolve(secrets: &dyn Secrets, task: &Task, value_from: &str) -> Result<String, String> {
    let reference = SecretReference::parse(value_from).map_err(|error| failed(&error.to_string()))?;
    let region = task.spec.region();
    let deadline = Instant::now() + TIMEOUT;
    let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    let mut retries = 0;
    let text = loop {
        match secrets.value(&reference, region).await {
            Ok(text) => break text,
            Err(SecretError::Later(_)) if Instant::now() < deadline => {
                pause.wait().await;
                retries += 1;
            }
            Err(SecretError::Later(why) | SecretError::Refused(why)) => {
                return Err(failed(&not_fetched(&reference, retries, &why)));
            }
        }
    };
    part_of(&reference, text).map_err(|why| failed(&why))
}

/// ECS's words for a task that lacks what it is to be started with.
fn failed(why: &str) -> String {
    format!(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: {why}"
    )
}

fn not_fetched(reference: &SecretReference, retries: u32, why: &str) -> String {
    let retried = format!("service call has been retried {retries} time(s)");
    match reference {
        SecretReference::Secret { id, .. } => format!(
            "unable to retrieve secret from asm: {retried}: failed to fetch secret {id} from secrets manager: {why}"
        ),
        SecretReference::Parameter { name, .. } => {
            format!("unable to retrieve secrets from ssm: {retried}: failed to fetch parameter {name}: {why}")
        }
    }
}

/// The member of a value that the reference names, or the value.
fn part_of(reference: &SecretReference, text: String) -> Result<String, String> {
    let SecretReference::Secret { id, json_key: Some(key), .. } = reference else { return Ok(text) };
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    match value.get(key) {
        Some(Value::String(part)) => Ok(part.clone()),
        Some(part) => Ok(part.to_string()),
        None => Err(format!("retrieved secret from Secrets Manager did not contain json key {key}: {id}")),
    }
}

/// The control plane.
pub struct ApiSecrets(pub Api);

impl ApiSecrets {
    async fn ask(&self, reference: &SecretReference, region: &str) -> Result<String, SecretError> {
        match reference {
            SecretReference::Secret { id, region, version_stage, version_id, .. } => {
                let input = GetSecretValueRequest {
                    secret_id: Some(id.clone()),
                    version_id: version_id.clone(),
                    version_stage: version_stage.clone(),
                };
                let api = self.0.in_region(region);
                let answer: GetSecretValueResponse =
                    api.call(Service::SecretsManager, "GetSecretValue", &input).await.map_err(refusal)?;
                answer.secret_string.ok_or_else(|| SecretError::Refused("the secret has bytes and no text".to_owned()))
            }
            SecretReference::Parameter { name, region: of } => {
                let input = GetParameterRequest { name: Some(name.clone()), with_decryption: Some(true) };
                let api = self.0.in_region(of.as_deref().unwrap_or(region));
                let answer: GetParameterResult =
                    api.call(Service::Ssm, "GetParameter", &input).await.map_err(refusal)?;
                let value = answer.parameter.and_then(|parameter| parameter.value);
                value.ok_or_else(|| SecretError::Refused("the answer has no value".to_owned()))
            }
        }
    }
}

fn refusal(error: CallError) -> SecretError {
    match error {
        error if error.may_pass() => SecretError::Later(describe(&error)),
        CallError::Refused { code, message, .. } => SecretError::Refused(format!("{code}: {message}")),
        error => SecretError::Refused(describe(&error)),
    }
}

impl Secrets for ApiSecrets {
    fn value(&self, reference: &SecretReference, region: &str) -> BoxFuture<'_, Result<String, SecretError>> {
        let (reference, region) = (reference.clone(), region.to_owned());
        async move { self.ask(&reference, &region).await }.boxed()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::{BTreeMap, VecDeque};
    use std::sync::Mutex;

    use super::*;

    /// Values in memory, by what names them; errors come first.
    #[derive(Default)]
    pub(crate) struct FakeSecrets {
        pub(crate) values: BTreeMap<String, String>,
        pub(crate) errors: Mutex<VecDeque<SecretError>>,
    }

    impl Secrets for FakeSecrets {
        fn value(&self, reference: &SecretReference, _: &str) -> BoxFuture<'_, Result<String, SecretError>> {
            let name = reference.to_string();
            let answer = match self.errors.lock().unwrap().pop_front() {
                Some(error) => Err(error),
                None => {
                    self.values.get(&name).cloned().ok_or(SecretError::Refused("ParameterNotFound: none".to_owned()))
                }
            };
            async { answer }.boxed()
        }
    }

    #[test]
    fn a_member_of_a_value_is_its_text() {
        let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf";
        let of = |key: &str, text: &str| {
            part_of(&SecretReference::parse(&format!("{arn}:{key}::")).unwrap(), text.to_owned())
        };
        let value = r#"{"user":"shop","port":5432,"tls":true}"#;
        assert_eq!(of("user", value).unwrap(), "shop");
        assert_eq!(of("port", value).unwrap(), "5432");
        assert_eq!(of("tls", value).unwrap(), "true");
        assert_eq!(of("", value).unwrap(), value, "no member is named");
        for text in [value, "not JSON", "[1]"] {
            assert!(of("password", text).unwrap_err().contains("did not contain json key password"), "{text}");
        }
    }

    #[test]
    fn values_do_not_show() {
        let values = Values {
            environment: vec![("PASSWORD".to_owned(), "hunter2".to_owned())],
            log_options: vec![("token".to_owned(), "hunter3".to_owned())],
        };
        let shown = format!("{values:?}");
        assert!(shown.contains("PASSWORD") && !shown.contains("hunter"), "{shown}");
    }
}
