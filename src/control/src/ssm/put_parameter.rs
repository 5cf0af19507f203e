//! PutParameter (Systems Manager API reference): a new parameter, or a new version of one.

use std::collections::BTreeSet;

use gantry_model::ParameterName;
use gantry_model::parameter::{
    self as model, MAX_LEVELS, Parameter, ParameterTier, ParameterType, ParameterVersion, VERSIONS_KEPT,
};
use gantry_store::Tx;
use gantry_store::parameter::{self, StoredParameter};
use gantry_store::vault::Vault;
use gantry_wire::ApiError;
use gantry_wire::shapes::ssm::{PutParameterRequest, PutParameterResult};
use regex_lite::Regex;

use super::{record, resolve, tags, view};
use crate::context::Call;
use crate::error::Failure;
use crate::secret_rollout;

/// Answers PutParameter.
///
/// # Errors
/// ParameterAlreadyExists without `Overwrite`, HierarchyTypeMismatchException for another type,
/// ParameterPatternMismatchException, InvalidAllowedPatternException, HierarchyLevelLimitExceededException,
/// ParameterMaxVersionLimitExceeded, UnsupportedParameterType, InvalidKeyId, InvalidPolicyTypeException,
/// ValidationException.
pub(super) async fn put_parameter(call: Call, input: PutParameterRequest) -> Result<PutParameterResult, Failure> {
    refuse_unsupported(&input)?;
    let name = new_name(input.name.as_deref().unwrap_or_default())?;
    let store = call.control.store.clone();
    let vault = store.vault()?;
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                match present(tx, &call, &name).await? {
                    Some(stored) => overwrite(tx, &call, &vault, &stored, input).await,
                    None => create(tx, &call, &vault, name, input).await,
                }
            })
        })
        .await
}

async fn present(tx: &mut Tx, call: &Call, name: &ParameterName) -> Result<Option<StoredParameter>, Failure> {
    for candidate in resolve::candidates(call, name.as_str()) {
        if let Some(stored) = parameter::get(tx, &call.scope, &candidate).await? {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

fn refuse_unsupported(input: &PutParameterRequest) -> Result<(), ApiError> {
    if input.policies.as_deref().is_some_and(|policies| !policies.is_empty() && policies != "[]") {
        return Err(ApiError::invalid_parameter_policies());
    }
    match input.data_type.as_deref() {
        None | Some(view::TEXT) => Ok(()),
        Some(other) => Err(ApiError::validation(format!(
            "The following data type is not supported: {other}: DataType must be text."
        ))),
    }
}

fn new_name(text: &str) -> Result<ParameterName, ApiError> {
    let name = ParameterName::parse(text).map_err(|error| {
        let why = if text.contains('/') && !text.starts_with('/') {
            "Parameter name must be a fully qualified name.".to_owned()
        } else {
            format!("Parameter name: Name must {}.", error.rule)
        };
        ApiError::validation(why)
    })?;
    if model::is_reserved(&name) {
        let text = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";
        return Err(ApiError::validation(text));
    }
    if name.as_str().split('/').filter(|level| !level.is_empty()).count() > MAX_LEVELS {
        return Err(ApiError::parameter_levels_exceeded());
    }
    Ok(name)
}

async fn create(
    tx: &mut Tx,
    call: &Call,
    vault: &Vault,
    name: ParameterName,
    input: PutParameterRequest,
) -> Result<PutParameterResult, Failure> {
    let kind = input.r#type.as_deref();
    let kind = kind.ok_or_else(|| ApiError::validation("A parameter type is required when you create a parameter."))?;
    let kind = ParameterType::of(kind).ok_or_else(|| ApiError::unsupported_parameter_type(kind))?;
    let mut parameter = Parameter { scope: call.scope.clone(), name, tags: Vec::new() };
    tags::add(&mut parameter.tags, tags::read(input.tags.clone())?)?;
    let value = input.value.clone().unwrap_or_default();
    let first = version(call, input, kind, None)?;
    parameter::create(tx, vault, &parameter, &first, &value).await?;
    record::tell(tx, &parameter, "created");
    Ok(answer(&first))
}

async fn overwrite(
    tx: &mut Tx,
    call: &Call,
    vault: &Vault,
    stored: &StoredParameter,
    input: PutParameterRequest,
) -> Result<PutParameterResult, Failure> {
    if input.overwrite != Some(true) {
        return Err(ApiError::parameter_already_exists().into());
    }
    if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        return Err(ApiError::validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        )
        .into());
    }
    if input.r#type.as_deref().is_some_and(|kind| kind != stored.newest.kind.as_str()) {
        return Err(ApiError::parameter_type_mismatch().into());
    }
    let value = input.value.clone().unwrap_or_default();
    let next = version(call, input, stored.newest.kind, Some(&stored.newest))?;
    make_room(tx, stored).await?;
    parameter::add_version(tx, vault, stored.id, &next, &value).await?;
    record::tell(tx, &stored.parameter, "changed");
    secret_rollout::parameter_changed(tx, &stored.parameter).await?;
    Ok(answer(&next))
}

/// The version that the request makes; what it does not say is as `before`.
fn version(
    call: &Call,
    input: PutParameterRequest,
    kind: ParameterType,
    before: Option<&ParameterVersion>,
) -> Result<ParameterVersion, ApiError> {
    let value = input.value.unwrap_or_default();
    match input.key_id.as_deref() {
        Some(_) if kind != ParameterType::SecureString => {
            return Err(ApiError::validation("KeyId is required for SecureString type parameter only."));
        }
        Some(key) if key != view::KEY => return Err(ApiError::invalid_parameter_key(key)),
        _ => {}
    }
    let allowed_pattern = input.allowed_pattern.or_else(|| before.and_then(|before| before.allowed_pattern.clone()));
    let allowed_pattern = allowed_pattern.filter(|pattern| !pattern.is_empty());
    if let Some(pattern) = &allowed_pattern {
        let regex = Regex::new(&format!("^(?:{pattern})$"));
        if !regex.map_err(|_| ApiError::invalid_allowed_pattern(pattern))?.is_match(&value) {
            return Err(ApiError::parameter_pattern_mismatch(pattern));
        }
    }
    let description = input.description.or_else(|| before.and_then(|before| before.description.clone()));
    Ok(ParameterVersion {
        version: before.map_or(1, |before| before.version + 1),
        kind,
        tier: tier(input.tier.as_deref(), &value, before.map(|before| before.tier))?,
        description: description.filter(|text| !text.is_empty()),
        allowed_pattern,
        modified_at: call.now,
        modified_by: call.principal.arn.clone(),
        labels: BTreeSet::new(),
    })
}

/// The tier that holds the value. An advanced parameter does not become a standard one.
fn tier(given: Option<&str>, value: &str, before: Option<ParameterTier>) -> Result<ParameterTier, ApiError> {
    let tier = match given {
        Some("Advanced") => ParameterTier::Advanced,
        Some("Intelligent-Tiering") if value.len() > ParameterTier::Standard.longest() => ParameterTier::Advanced,
        Some("Standard") if before == Some(ParameterTier::Advanced) => {
            return Err(ApiError::validation(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                 advanced-parameter tier to the standard-parameter tier.",
            ));
        }
        _ => before.unwrap_or(ParameterTier::Standard),
    };
    if value.is_empty() {
        return Err(ApiError::validation(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
             greater than or equal to 1.",
        ));
    }
    if value.len() > tier.longest() {
        let advice = match tier {
            ParameterTier::Standard => " To create a larger parameter value, use the advanced-parameter tier.",
            ParameterTier::Advanced => "",
        };
        return Err(ApiError::validation(format!(
            "{} tier parameters support a maximum parameter value of {} characters.{advice}",
            tier.as_str(),
            tier.longest()
        )));
    }
    Ok(tier)
}

/// Forgets the oldest version when there are as many as are kept. One that a label means is not forgotten.
async fn make_room(tx: &mut Tx, stored: &StoredParameter) -> Result<(), Failure> {
    let versions = parameter::versions(tx, stored.id).await?;
    let Some(oldest) = versions.first().filter(|_| versions.len() >= VERSIONS_KEPT) else { return Ok(()) };
    if !oldest.labels.is_empty() {
        return Err(ApiError::parameter_versions_exceeded(stored.parameter.name.as_str()).into());
    }
    Ok(parameter::delete_version(tx, stored.id, oldest.version).await?)
}

fn answer(version: &ParameterVersion) -> PutParameterResult {
    PutParameterResult { version: Some(version.version), tier: Some(version.tier.as_str().to_owned()) }
}
