//! UnlabelParameterVersion (Systems Manager API reference): takes labels off a version.

use gantry_store::{Tx, parameter};
use gantry_wire::ApiError;
use gantry_wire::shapes::ssm::{UnlabelParameterVersionRequest, UnlabelParameterVersionResult};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers UnlabelParameterVersion; labels that the version does not have are told of.
///
/// # Errors
/// ParameterNotFound, ParameterVersionNotFound.
pub(super) async fn unlabel_parameter_version(
    call: Call,
    input: UnlabelParameterVersionRequest,
) -> Result<UnlabelParameterVersionResult, Failure> {
    let (name, labels) = (input.name.unwrap_or_default(), input.labels.unwrap_or_default());
    let number = input.parameter_version.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let stored = resolve::parameter(tx, &call, &name).await?;
                let versions = parameter::versions(tx, stored.id).await?;
                let mut version = versions
                    .into_iter()
                    .find(|version| version.version == number)
                    .ok_or_else(|| ApiError::parameter_version_not_found(&name, &number.to_string()))?;
                let (removed, invalid): (Vec<String>, Vec<String>) =
                    labels.into_iter().partition(|label| version.labels.remove(label));
                parameter::change_version(tx, stored.id, &version).await?;
                record::tell(tx, &stored.parameter, "changed");
                Ok(UnlabelParameterVersionResult { removed_labels: Some(removed), invalid_labels: Some(invalid) })
            })
        })
        .await
}
