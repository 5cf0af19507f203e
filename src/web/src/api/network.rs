//! The network of a task as a form asks for it (ECS API reference, `AwsVpcConfiguration`).

use aws_sdk_ecs::types::{AwsVpcConfiguration, NetworkConfiguration};

use crate::error::ApiError;

/// The configuration of subnets and security groups that stand in two fields, split by commas; none when both are empty.
///
/// # Errors
/// `InvalidParameterException` when there are security groups without a subnet.
pub(crate) fn configuration(subnets: &str, groups: &str) -> Result<Option<NetworkConfiguration>, ApiError> {
    let (subnets, groups) = (items(subnets), items(groups));
    if subnets.is_empty() && groups.is_empty() {
        return Ok(None);
    }
    if subnets.is_empty() {
        return Err(ApiError::refused("InvalidParameterException", "Security groups need a subnet: name one."));
    }
    let vpc = AwsVpcConfiguration::builder().set_subnets(Some(subnets)).set_security_groups(Some(groups)).build()?;
    Ok(Some(NetworkConfiguration::builder().awsvpc_configuration(vpc).build()))
}

fn items(field: &str) -> Vec<String> {
    field.split([',', ' ', '\n']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_by_commas_and_empty_ones_ask_for_nothing() {
        assert_eq!(configuration(" ", "").unwrap(), None);
        let network = configuration("subnet-1, subnet-2", "sg-1").unwrap().unwrap();
        let vpc = network.awsvpc_configuration().unwrap();
        assert_eq!(
            (vpc.subnets(), vpc.security_groups()),
            (&["subnet-1".into(), "subnet-2".into()][..], &["sg-1".into()][..])
        );
        assert_eq!(configuration("", "sg-1").unwrap_err().code(), "InvalidParameterException");
    }
}
