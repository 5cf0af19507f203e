//! Errors of AWS Systems Manager's Parameter Store (model `ssm-2014-11-06`), in the words in which the service answers
//! them where they are known.

use super::ApiError;

impl ApiError {
    /// The parameter that a request names is not there.
    #[must_use]
    pub fn parameter_not_found(name: &str) -> Self {
        Self::new("ParameterNotFound", format!("Parameter {name} not found."))
    }

    /// The parameter has no such version or label.
    #[must_use]
    pub fn parameter_version_not_found(name: &str, version: &str) -> Self {
        Self::new(
            "ParameterVersionNotFound",
            format!("Systems Manager could not find version {version} of {name}. Verify the version and try again."),
        )
    }

    /// A parameter of that name exists, and `Overwrite` was not given.
    #[must_use]
    pub fn parameter_already_exists() -> Self {
        Self::new(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        )
    }

    /// The value does not match the parameter's pattern.
    #[must_use]
    pub fn parameter_pattern_mismatch(pattern: &str) -> Self {
        Self::new(
            "ParameterPatternMismatchException",
            format!("Parameter value, cannot be validated against allowedPattern: {pattern}"),
        )
    }

    /// The pattern is not a regular expression.
    #[must_use]
    pub fn invalid_allowed_pattern(pattern: &str) -> Self {
        Self::new(
            "InvalidAllowedPatternException",
            format!("AllowedPattern is not a regular expression that is supported: {pattern}"),
        )
    }

    /// A parameter cannot become one of another type.
    #[must_use]
    pub fn parameter_type_mismatch() -> Self {
        Self::new(
            "HierarchyTypeMismatchException",
            "The type of a parameter cannot be changed. Create a new, unique parameter.",
        )
    }

    /// The name has too many levels.
    #[must_use]
    pub fn parameter_levels_exceeded() -> Self {
        Self::new("HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of 15 levels.")
    }

    /// The oldest version would have to go and has a label.
    #[must_use]
    pub fn parameter_versions_exceeded(name: &str) -> Self {
        Self::new(
            "ParameterMaxVersionLimitExceeded",
            format!(
                "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. \
                 Its oldest version can't be deleted because it has a label associated with it. Move the label to another \
                 version of the parameter, and try again."
            ),
        )
    }

    /// There is no such type of parameter.
    #[must_use]
    pub fn unsupported_parameter_type(given: &str) -> Self {
        Self::new("UnsupportedParameterType", format!("{given} is not a type of parameter."))
    }

    /// Parameters are sealed with the server's own key and no other.
    #[must_use]
    pub fn invalid_parameter_key(given: &str) -> Self {
        Self::new(
            "InvalidKeyId",
            format!("The key {given} is not known: SecureString parameters are encrypted with alias/aws/ssm."),
        )
    }

    /// Policies of parameters are not built.
    #[must_use]
    pub fn invalid_parameter_policies() -> Self {
        Self::new("InvalidPolicyTypeException", "Policies is not supported: parameters do not expire.")
    }

    /// A filter by something that there is not, or that this operation does not filter by.
    #[must_use]
    pub fn invalid_filter_key() -> Self {
        Self::new("InvalidFilterKey", "The specified key isn't valid.")
    }

    /// A filter that compares in a way that there is not.
    #[must_use]
    pub fn invalid_filter_option(option: &str) -> Self {
        Self::new("InvalidFilterOption", format!("The following filter option is not valid: {option}."))
    }

    /// Of what Systems Manager tags only parameters are here.
    #[must_use]
    pub fn invalid_tagged_type(given: &str) -> Self {
        Self::new("InvalidResourceType", format!("{given} is not a valid resource type: only Parameter is."))
    }

    /// What is to be tagged is not there.
    #[must_use]
    pub fn invalid_tagged_id(id: &str) -> Self {
        Self::new("InvalidResourceId", format!("There is no parameter {id}."))
    }

    /// A parameter would have too many tags.
    #[must_use]
    pub fn too_many_parameter_tags() -> Self {
        Self::new("TooManyTagsError", "A parameter can have a maximum of 50 tags.")
    }

    /// A version would have too many labels.
    #[must_use]
    pub fn too_many_labels() -> Self {
        Self::new(
            "ParameterVersionLabelLimitExceeded",
            "A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.",
        )
    }

    /// A page token that this operation has not given out.
    #[must_use]
    pub fn invalid_parameters_token() -> Self {
        Self::new("InvalidNextToken", "NextToken is not one that this operation returned.")
    }
}
