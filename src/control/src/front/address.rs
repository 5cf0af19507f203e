//! Which protocol, service and operation a request addresses.
//!
//! `X-Amz-Target` names both for awsJson1.1. A form (in the body or the query) with `Action` is awsQuery; its service is
//! the one of the credential scope, since a form does not say.

use gantry_model::principal::Caller;
use gantry_wire::query::Form;
use gantry_wire::schema::Protocol;
use gantry_wire::{ApiError, OperationModel, Service, json};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde_json::Value;

/// What is known of a request's destination.
#[derive(Debug, Clone)]
pub(super) struct Address {
    protocol: Protocol,
    service: Option<Service>,
    /// The operation that the target names; a form names it inside.
    operation: Option<String>,
}

impl Address {
    /// Nothing is known: answers are JSON.
    pub(super) fn unknown() -> Self {
        Self { protocol: Protocol::AwsJson11, service: None, operation: None }
    }

    /// What the head alone says.
    pub(super) fn of_head(parts: &Parts) -> Self {
        if let Some((service, operation)) = json::parse_target(&parts.headers) {
            let operation = Some(operation.to_owned());
            return Self { protocol: Protocol::AwsJson11, service: Some(service), operation };
        }
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let in_query = parts.uri.query().is_some_and(|q| q.split('&').any(|pair| pair.starts_with("Action=")));
        let is_form = content_type.starts_with(gantry_wire::query::FORM) || in_query;
        let protocol = if is_form { Protocol::AwsQuery } else { Protocol::AwsJson11 };
        Self { protocol, ..Self::unknown() }
    }

    /// The same with what the signature says; a form without a believed one is taken for STS, whose errors every client of
    /// forms can read.
    pub(super) fn complete(mut self, caller: Option<&Caller>) -> Self {
        if self.service.is_none() {
            self.service = caller.and_then(|c| Service::from_signing_name(&c.service));
        }
        self
    }

    /// Whether the body may carry a part of a layer.
    pub(super) fn is_layer_part(&self) -> bool {
        self.service == Some(Service::Ecr) && self.operation.as_deref() == Some("UploadLayerPart")
    }

    /// How the answer is written.
    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The service whose form errors take.
    pub(super) fn service(&self) -> Service {
        self.service.unwrap_or(Service::Sts)
    }

    /// The service's name, for the log.
    pub(super) fn service_name(&self) -> &'static str {
        self.service.map_or("unknown", Service::signing_name)
    }

    /// The operation that is meant.
    ///
    /// # Errors
    /// UnknownOperationException.
    pub(super) fn operation(&self, parts: &Parts, body: &[u8]) -> Result<&'static OperationModel, ApiError> {
        if parts.uri.path() != "/" {
            return Err(ApiError::missing_operation());
        }
        match self.protocol {
            Protocol::AwsJson11 => json::operation(&parts.headers),
            Protocol::AwsQuery => {
                let service = self.service.ok_or_else(ApiError::missing_operation)?;
                if service.model().protocol != Protocol::AwsQuery {
                    return Err(ApiError::missing_operation());
                }
                form(parts, body)?.operation(service)
            }
        }
    }

    /// The input of `operation` as JSON.
    ///
    /// # Errors
    /// SerializationException.
    pub(super) fn input(&self, operation: &OperationModel, parts: &Parts, body: &[u8]) -> Result<Value, ApiError> {
        match self.protocol {
            Protocol::AwsJson11 => json::parse(body),
            Protocol::AwsQuery => form(parts, body)?.input(operation),
        }
    }
}

/// The form of a request: its body's, or its query's where the body names no operation.
fn form(parts: &Parts, body: &[u8]) -> Result<Form, ApiError> {
    let form = Form::parse(body)?;
    match form.get("Action") {
        Some(_) => Ok(form),
        None => Form::parse(parts.uri.query().unwrap_or_default().as_bytes()),
    }
}
