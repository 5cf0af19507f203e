//! AWS Secrets Manager (API 2017-10-17), one file an operation: values that containers are given and nobody sees.
//!
//! Values are sealed in the store ([`gantry_store::vault`]) and opened for GetSecretValue and BatchGetSecretValue alone.
//! What an agent may read is confined to what the tasks on its hosts name ([`crate::named_secrets`]). Rotation by functions,
//! replicas and resource policies are not built.

mod batch_get_secret_value;
mod create_secret;
mod delete_secret;
mod describe_secret;
mod filter;
mod get_random_password;
mod get_secret_value;
mod list_secret_version_ids;
mod list_secrets;
mod put_secret_value;
pub(crate) mod record;
mod resolve;
mod restore_secret;
mod tag_resource;
mod tags;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod value;

use crate::operations::Operations;

const SECRETS_MANAGER: &str = "secretsmanager";

/// Adds the operations of Secrets Manager.
pub fn register(operations: &mut Operations) {
    operations.add(SECRETS_MANAGER, "BatchGetSecretValue", batch_get_secret_value::batch_get_secret_value);
    operations.add(SECRETS_MANAGER, "CreateSecret", create_secret::create_secret);
    operations.add(SECRETS_MANAGER, "DeleteSecret", delete_secret::delete_secret);
    operations.add(SECRETS_MANAGER, "DescribeSecret", describe_secret::describe_secret);
    operations.add(SECRETS_MANAGER, "GetRandomPassword", get_random_password::get_random_password);
    operations.add(SECRETS_MANAGER, "GetSecretValue", get_secret_value::get_secret_value);
    operations.add(SECRETS_MANAGER, "ListSecretVersionIds", list_secret_version_ids::list_secret_version_ids);
    operations.add(SECRETS_MANAGER, "ListSecrets", list_secrets::list_secrets);
    operations.add(SECRETS_MANAGER, "PutSecretValue", put_secret_value::put_secret_value);
    operations.add(SECRETS_MANAGER, "RestoreSecret", restore_secret::restore_secret);
    operations.add(SECRETS_MANAGER, "TagResource", tag_resource::tag_resource);
    operations.add(SECRETS_MANAGER, "UntagResource", untag_resource::untag_resource);
    operations.add(SECRETS_MANAGER, "UpdateSecret", update_secret::update_secret);
    operations.add(SECRETS_MANAGER, "UpdateSecretVersionStage", update_secret_version_stage::update_version_stage);
}
