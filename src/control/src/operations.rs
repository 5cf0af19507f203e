//! The registry of operations: which exist, and what answers them. Tests walk it.

use std::collections::BTreeMap;
use std::future::Future;

use futures_util::future::BoxFuture;
use gantry_wire::ApiError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::Call;
use crate::{acm, ecr, ecs, elasticloadbalancing, events, logs, secretsmanager, ssm, sts};

type Handler = Box<dyn Fn(Call, Value) -> BoxFuture<'static, Result<Value, ApiError>> + Send + Sync>;

/// Every operation that is built, by service (its signing name) and name.
pub struct Operations(BTreeMap<(&'static str, &'static str), Handler>);

impl Operations {
    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        let mut operations = Self(BTreeMap::new());
        acm::register(&mut operations);
        ecs::register(&mut operations);
        ecr::register(&mut operations);
        elasticloadbalancing::register(&mut operations);
        events::register(&mut operations);
        logs::register(&mut operations);
        secretsmanager::register(&mut operations);
        ssm::register(&mut operations);
        sts::register(&mut operations);
        operations
    }

    /// Adds an operation: a function from the call and its typed input to its typed output.
    pub fn add<I, O, E, F, Fut>(&mut self, service: &'static str, name: &'static str, operation: F)
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + 'static,
        E: Into<ApiError> + 'static,
        F: Fn(Call, I) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<O, E>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |call, input| {
            Box::pin(async move {
                let input = serde_json::from_value(input).map_err(|e| ApiError::serialization(e.to_string()))?;
                let output = operation(call, input).await.map_err(Into::into)?;
                serde_json::to_value(output).map_err(|e| ApiError::server(format!("the answer of {name}: {e}")))
            })
        });
        self.0.insert((service, name), handler);
    }

    /// Whether `name` of `service` is built.
    #[must_use]
    pub fn has(&self, service: &str, name: &str) -> bool {
        self.0.keys().any(|&(s, n)| s == service && n == name)
    }

    /// The operations that are built, in order.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.keys().copied()
    }

    /// Runs `name` of `service`, when it is built.
    #[must_use]
    pub fn run(
        &self,
        service: &str,
        name: &str,
        call: Call,
        input: Value,
    ) -> Option<BoxFuture<'static, Result<Value, ApiError>>> {
        let (_, handler) = self.0.iter().find(|((s, n), _)| *s == service && *n == name)?;
        Some(handler(call, input))
    }
}
