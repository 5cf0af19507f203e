//! The account settings of ECR: what they are called, and what they can be.

use gantry_model::registry_settings::RegistrySettings;
use gantry_wire::ApiError;

/// A setting of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountSetting {
    /// Whether a push may take a layer over from another repository.
    BlobMounting,
    /// Which scanner basic scanning is. There is one here.
    BasicScanTypeVersion,
    /// Which actions the registry's policy is about. All of them here.
    RegistryPolicyScope,
}

impl AccountSetting {
    const ALL: [Self; 3] = [Self::BasicScanTypeVersion, Self::BlobMounting, Self::RegistryPolicyScope];

    fn as_str(self) -> &'static str {
        match self {
            Self::BlobMounting => "BLOB_MOUNTING",
            Self::BasicScanTypeVersion => "BASIC_SCAN_TYPE_VERSION",
            Self::RegistryPolicyScope => "REGISTRY_POLICY_SCOPE",
        }
    }

    /// The setting called `name`.
    ///
    /// # Errors
    /// ValidationException.
    pub(super) fn parse(name: &str) -> Result<Self, ApiError> {
        Self::ALL.into_iter().find(|setting| setting.as_str() == name).ok_or_else(|| {
            let set = Self::ALL.map(Self::as_str).join(", ");
            ApiError::validation(format!("Invalid value '{name}' at 'name': it must be one of [{set}]"))
        })
    }

    fn values(self) -> &'static [&'static str] {
        match self {
            Self::BlobMounting => &["ENABLED", "DISABLED"],
            Self::BasicScanTypeVersion => &["AWS_NATIVE"],
            Self::RegistryPolicyScope => &["V2"],
        }
    }

    /// The value in `settings`.
    pub(super) fn value(self, settings: &RegistrySettings) -> &'static str {
        match self {
            Self::BlobMounting if settings.blob_mounting => "ENABLED",
            Self::BlobMounting => "DISABLED",
            Self::BasicScanTypeVersion => "AWS_NATIVE",
            Self::RegistryPolicyScope => "V2",
        }
    }

    /// Gives the setting a value.
    ///
    /// # Errors
    /// ValidationException for one that it cannot have.
    pub(super) fn set(self, settings: &mut RegistrySettings, value: &str) -> Result<(), ApiError> {
        if !self.values().contains(&value) {
            let set = self.values().join(", ");
            let name = self.as_str();
            return Err(ApiError::validation(format!("Invalid value '{value}' at 'value': {name} can be [{set}]")));
        }
        if self == Self::BlobMounting {
            settings.blob_mounting = value == "ENABLED";
        }
        Ok(())
    }
}
