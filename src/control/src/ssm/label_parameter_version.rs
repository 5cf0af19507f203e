//! LabelParameterVersion (Systems Manager API reference): gives labels to a version; each leaves the version that had it.

use gantry_model::parameter::{MAX_LABELS, is_label};
use gantry_store::{Tx, parameter};
use gantry_wire::ApiError;
use gantry_wire::shapes::ssm::{LabelParameterVersionRequest, LabelParameterVersionResult};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers LabelParameterVersion. Labels that are none are told of; when one is, none is given.
///
/// # Errors
/// ParameterNotFound, ParameterVersionNotFound, ParameterVersionLabelLimitExceeded.
pub(super) async fn label_parameter_version(
    call: Call,
    input: LabelParameterVersionRequest,
) -> Result<LabelParameterVersionResult, Failure> {
    let (name, labels) = (input.name.unwrap_or_default(), input.labels.unwrap_or_default());
    let wanted = input.parameter_version;
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let stored = resolve::parameter(tx, &call, &name).await?;
                let number = wanted.unwrap_or(stored.newest.version);
                let invalid: Vec<String> = labels.iter().filter(|label| !is_label(label)).cloned().collect();
                let mut versions = parameter::versions(tx, stored.id).await?;
                if !versions.iter().any(|version| version.version == number) {
                    return Err(ApiError::parameter_version_not_found(&name, &number.to_string()).into());
                }
                for version in versions.iter_mut().filter(|_| invalid.is_empty()) {
                    let before = version.labels.clone();
                    match version.version == number {
                        true => version.labels.extend(labels.iter().cloned()),
                        false => version.labels.retain(|label| !labels.contains(label)),
                    }
                    if version.labels.len() > MAX_LABELS {
                        return Err(ApiError::too_many_labels().into());
                    }
                    if version.labels != before {
                        parameter::change_version(tx, stored.id, version).await?;
                    }
                }
                record::tell(tx, &stored.parameter, "changed");
                Ok(LabelParameterVersionResult { invalid_labels: Some(invalid), parameter_version: Some(number) })
            })
        })
        .await
}
