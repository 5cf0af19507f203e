//! Errors of Elastic Load Balancing (model `elbv2-2015-12-01`), in the words in which the service answers them where they are
//! known. Its codes are written without `Exception` (see [`crate::query`]).

use super::ApiError;

impl ApiError {
    /// A load balancer that a request names is not there.
    #[must_use]
    pub fn load_balancer_not_found(name: &str) -> Self {
        Self::new("LoadBalancerNotFoundException", format!("Load balancers '[{name}]' not found"))
    }

    /// A target group that a request names is not there.
    #[must_use]
    pub fn target_group_not_found(name: &str) -> Self {
        Self::new("TargetGroupNotFoundException", format!("Target groups '[{name}]' not found"))
    }

    /// A listener that a request names is not there.
    #[must_use]
    pub fn listener_not_found(arn: &str) -> Self {
        Self::new("ListenerNotFoundException", format!("Listeners '[{arn}]' not found"))
    }

    /// A rule that a request names is not there.
    #[must_use]
    pub fn listener_rule_not_found(arn: &str) -> Self {
        Self::new("RuleNotFoundException", format!("Rules '[{arn}]' not found"))
    }

    /// A certificate that a listener is to have is not there.
    #[must_use]
    pub fn certificate_not_found(arn: &str) -> Self {
        Self::new("CertificateNotFoundException", format!("Certificate '{arn}' not found"))
    }

    /// There is one of that name, and it is another.
    #[must_use]
    pub fn duplicate_load_balancer(name: &str) -> Self {
        let text = format!("A load balancer with the same name '{name}' exists, but with different settings");
        Self::new("DuplicateLoadBalancerNameException", text)
    }

    /// There is one of that name, and it is another.
    #[must_use]
    pub fn duplicate_target_group(name: &str) -> Self {
        let text = format!("A target group with the same name '{name}' exists, but with different settings");
        Self::new("DuplicateTargetGroupNameException", text)
    }

    /// The load balancer listens there already.
    #[must_use]
    pub fn duplicate_listener(load_balancer: &str) -> Self {
        let text = format!("A listener already exists on this port for this load balancer '{load_balancer}'");
        Self::new("DuplicateListenerException", text)
    }

    /// Another rule of the listener has it.
    #[must_use]
    pub fn priority_in_use(priority: u32) -> Self {
        Self::new("PriorityInUseException", format!("Priority '{priority}' is currently in use"))
    }

    /// Something sends to the group.
    #[must_use]
    pub fn target_group_in_use(arn: &str) -> Self {
        let text = format!("Target group '{arn}' is currently in use by a listener or a rule");
        Self::new("ResourceInUseException", text)
    }

    /// It may not be done with this.
    #[must_use]
    pub fn operation_not_permitted(message: impl Into<String>) -> Self {
        Self::new("OperationNotPermittedException", message)
    }

    /// A target is none.
    #[must_use]
    pub fn invalid_target(message: impl Into<String>) -> Self {
        Self::new("InvalidTargetException", message)
    }

    /// What was asked for does not go together.
    #[must_use]
    pub fn invalid_configuration(message: impl Into<String>) -> Self {
        Self::new("InvalidConfigurationRequestException", message)
    }

    /// A listener cannot send to a group that speaks otherwise.
    #[must_use]
    pub fn incompatible_protocols(listener: &str, group: &str) -> Self {
        let text =
            format!("The protocols '{listener}' of the listener and '{group}' of the target group do not go together");
        Self::new("IncompatibleProtocolsException", text)
    }

    /// A resource would have too many tags.
    #[must_use]
    pub fn too_many_load_balancing_tags() -> Self {
        Self::new("TooManyTagsException", "A resource can have at most 50 tags")
    }
}
