//! The Parameter Store of AWS Systems Manager (API 2014-11-06), one file an operation: configuration and secrets by
//! hierarchical names, in numbered versions.
//!
//! Every value is sealed in the store, a `SecureString` is told only to whoever asks for it decrypted. What an agent may read
//! is confined to what the tasks on its hosts name ([`crate::named_secrets`]). Policies, data types but `text`, and sharing
//! are not built; nor is anything else of Systems Manager.

mod add_tags_to_resource;
mod delete_parameter;
mod delete_parameters;
mod describe_parameters;
mod filter;
mod get_parameter;
mod get_parameter_history;
mod get_parameters;
mod get_parameters_by_path;
mod label_parameter_version;
mod list_tags_for_resource;
mod put_parameter;
mod record;
mod remove_tags_from_resource;
mod resolve;
mod tags;
mod unlabel_parameter_version;
mod view;
mod walk;

use crate::operations::Operations;

const SSM: &str = "ssm";

/// Adds the operations of the Parameter Store.
pub fn register(operations: &mut Operations) {
    operations.add(SSM, "AddTagsToResource", add_tags_to_resource::add_tags_to_resource);
    operations.add(SSM, "DeleteParameter", delete_parameter::delete_parameter);
    operations.add(SSM, "DeleteParameters", delete_parameters::delete_parameters);
    operations.add(SSM, "DescribeParameters", describe_parameters::describe_parameters);
    operations.add(SSM, "GetParameter", get_parameter::get_parameter);
    operations.add(SSM, "GetParameterHistory", get_parameter_history::get_parameter_history);
    operations.add(SSM, "GetParameters", get_parameters::get_parameters);
    operations.add(SSM, "GetParametersByPath", get_parameters_by_path::get_parameters_by_path);
    operations.add(SSM, "LabelParameterVersion", label_parameter_version::label_parameter_version);
    operations.add(SSM, "ListTagsForResource", list_tags_for_resource::list_tags_for_resource);
    operations.add(SSM, "PutParameter", put_parameter::put_parameter);
    operations.add(SSM, "RemoveTagsFromResource", remove_tags_from_resource::remove_tags_from_resource);
    operations.add(SSM, "UnlabelParameterVersion", unlabel_parameter_version::unlabel_parameter_version);
}
