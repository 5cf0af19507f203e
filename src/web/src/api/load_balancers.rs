//! Load balancers: where they listen, what they do with what comes, and how those stand that they send to.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancerSummary {
    pub name: String,
    pub arn: String,
    /// `application` or `network`.
    pub kind: String,
    pub dns_name: String,
    /// Why something of it does not work.
    pub impaired: Option<String>,
    /// In milliseconds since 1970.
    pub created_at: i64,
    pub listeners: Vec<ListenerSummary>,
    pub groups: Vec<TargetGroupSummary>,
}

/// Where a load balancer is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerSummary {
    pub arn: String,
    pub protocol: String,
    pub port: i64,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroupSummary {
    pub name: String,
    pub arn: String,
    pub protocol: String,
    /// How its targets are asked whether they work: `HTTP /health every 30 s`.
    pub check: String,
    pub targets: Vec<TargetSummary>,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// An instance or an address, and the port.
    pub place: String,
    pub zone: Option<String>,
    /// As the API writes it: `healthy`, `draining`.
    pub state: String,
    /// Why it is not healthy, in words.
    pub reason: Option<String>,
}

/// A load balancer with what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancerDetail {
    pub summary: LoadBalancerSummary,
    /// By listener, then in the order in which they are asked.
    pub rules: Vec<RuleSummary>,
}

/// What is done with some of what comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSummary {
    pub arn: String,
    /// `HTTP :80`.
    pub listener: String,
    /// A number, or `default`.
    pub priority: String,
    pub conditions: String,
    pub action: String,
}

impl TargetGroupSummary {
    /// How many of its targets are healthy.
    #[must_use]
    pub fn healthy(&self) -> usize {
        self.targets.iter().filter(|target| target.state == "healthy").count()
    }
}

/// All load balancers, by name.
///
/// # Errors
/// What DescribeLoadBalancers answers.
#[server(prefix = "/ui/api", endpoint = "list-load-balancers")]
pub async fn list_load_balancers() -> Result<Vec<LoadBalancerSummary>, ApiError> {
    read::load_balancers().await
}

/// A load balancer.
///
/// # Errors
/// `NotFound` when there is none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-load-balancer")]
pub async fn describe_load_balancer(name: String) -> Result<LoadBalancerDetail, ApiError> {
    read::load_balancer(&name).await
}

/// The target groups that a service may stand behind: ARNs and names.
///
/// # Errors
/// What DescribeTargetGroups answers.
#[server(prefix = "/ui/api", endpoint = "list-target-groups")]
pub async fn list_target_groups() -> Result<Vec<(String, String)>, ApiError> {
    read::groups_in_use().await
}

/// Makes a load balancer that listens on a port and sends everything to one group, and goes to its page.
///
/// # Errors
/// What CreateLoadBalancer, CreateTargetGroup and CreateListener answer.
#[server(prefix = "/ui/api", endpoint = "create-load-balancer")]
pub async fn create_load_balancer(
    name: String,
    port: String,
    target_type: String,
    target_port: String,
    health_path: String,
) -> Result<(), ApiError> {
    let name = name.trim().to_owned();
    let number = |field: &str, text: &str| {
        let refused = |_| ApiError::refused("InvalidRequest", format!("{field} is a number between 1 and 65535"));
        text.trim().parse::<u16>().map_err(refused)
    };
    let (port, target_port) = (number("The port", &port)?, number("The targets' port", &target_port)?);
    read::refuse_present(&name).await?;
    let group = serde_json::json!({
        "Name": name,
        "Protocol": "HTTP",
        "Port": target_port,
        "TargetType": target_type,
        "HealthCheckPath": health_path.trim(),
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2,
    });
    let made = crate::sdk::elb_json("CreateTargetGroup", &group).await?;
    let group = read::first(&made, "TargetGroups", "TargetGroupArn");
    let balancer = match crate::sdk::elb_json("CreateLoadBalancer", &serde_json::json!({ "Name": name })).await {
        Ok(made) => read::first(&made, "LoadBalancers", "LoadBalancerArn"),
        Err(error) => return Err(read::undo(error, None, &group).await),
    };
    let listener = serde_json::json!({
        "LoadBalancerArn": balancer,
        "Protocol": "HTTP",
        "Port": port,
        "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }],
    });
    if let Err(error) = crate::sdk::elb_json("CreateListener", &listener).await {
        return Err(read::undo(error, Some(&balancer), &group).await);
    }
    leptos_axum::redirect(&crate::pages::load_balancers::href(&name));
    Ok(())
}

/// Deletes a load balancer with its listeners, and the target groups that nothing else sends to, and goes to the list.
///
/// # Errors
/// What DeleteLoadBalancer answers.
#[server(prefix = "/ui/api", endpoint = "delete-load-balancer")]
pub async fn delete_load_balancer(name: String) -> Result<(), ApiError> {
    let found = read::load_balancer(&name).await?.summary;
    crate::sdk::elb_json("DeleteLoadBalancer", &serde_json::json!({ "LoadBalancerArn": found.arn })).await?;
    for group in found.groups {
        let deleted =
            crate::sdk::elb_json("DeleteTargetGroup", &serde_json::json!({ "TargetGroupArn": group.arn })).await;
        match deleted {
            Ok(_) => {}
            // Another load balancer sends to it, too.
            Err(error) if error.code() == "ResourceInUseException" => {}
            Err(error) => return Err(error),
        }
    }
    leptos_axum::redirect("/load-balancers");
    Ok(())
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use serde_json::{Value, json};

    use super::{
        ListenerSummary, LoadBalancerDetail, LoadBalancerSummary, RuleSummary, TargetGroupSummary, TargetSummary,
    };
    use crate::error::ApiError;
    use crate::sdk::{elb_json, items, text};

    pub(crate) async fn load_balancers() -> Result<Vec<LoadBalancerSummary>, ApiError> {
        let mut all = Vec::new();
        for balancer in pages("DescribeLoadBalancers", json!({}), "LoadBalancers").await? {
            all.push(summary(&balancer).await?);
        }
        Ok(all)
    }

    pub(super) async fn load_balancer(name: &str) -> Result<LoadBalancerDetail, ApiError> {
        let found = elb_json("DescribeLoadBalancers", &json!({ "Names": [name] })).await;
        let found = found.map_err(|error| match error.code() {
            "LoadBalancerNotFoundException" => ApiError::missing("load balancer", name),
            _ => error,
        })?;
        let balancer = items(&found, "LoadBalancers").next().cloned().unwrap_or_default();
        let summary = summary(&balancer).await?;
        let mut rules = Vec::new();
        for listener in &summary.listeners {
            let name = format!("{} :{}", listener.protocol, listener.port);
            for rule in pages("DescribeRules", json!({ "ListenerArn": listener.arn }), "Rules").await? {
                rules.push(rule_summary(&name, &rule));
            }
        }
        Ok(LoadBalancerDetail { summary, rules })
    }

    async fn summary(balancer: &Value) -> Result<LoadBalancerSummary, ApiError> {
        let arn = text(balancer, "LoadBalancerArn");
        let of = json!({ "LoadBalancerArn": arn });
        let listener = |listener: Value| ListenerSummary {
            arn: text(&listener, "ListenerArn"),
            protocol: text(&listener, "Protocol"),
            port: number(&listener, "Port"),
        };
        let mut listeners: Vec<ListenerSummary> =
            pages("DescribeListeners", of.clone(), "Listeners").await?.into_iter().map(listener).collect();
        listeners.sort_by_key(|listener| listener.port);
        let mut groups = Vec::new();
        for group in pages("DescribeTargetGroups", of, "TargetGroups").await? {
            groups.push(group_summary(&group).await?);
        }
        let state = balancer.get("State").cloned().unwrap_or_default();
        let impaired = (text(&state, "Code") != "active").then(|| text(&state, "Reason"));
        Ok(LoadBalancerSummary {
            name: text(balancer, "LoadBalancerName"),
            kind: text(balancer, "Type"),
            dns_name: text(balancer, "DNSName"),
            impaired,
            created_at: crate::api::secrets::read::time(balancer, "CreatedTime").unwrap_or_default(),
            listeners,
            groups,
            arn,
        })
    }

    async fn group_summary(group: &Value) -> Result<TargetGroupSummary, ApiError> {
        let arn = text(group, "TargetGroupArn");
        let health = elb_json("DescribeTargetHealth", &json!({ "TargetGroupArn": arn })).await?;
        let check = format!(
            "{} {} every {} s",
            text(group, "HealthCheckProtocol"),
            text(group, "HealthCheckPath"),
            number(group, "HealthCheckIntervalSeconds")
        );
        Ok(TargetGroupSummary {
            name: text(group, "TargetGroupName"),
            protocol: text(group, "Protocol"),
            check,
            targets: items(&health, "TargetHealthDescriptions").map(target_summary).collect(),
            arn,
        })
    }

    fn target_summary(described: &Value) -> TargetSummary {
        let target = described.get("Target").cloned().unwrap_or_default();
        let health = described.get("TargetHealth").cloned().unwrap_or_default();
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        TargetSummary {
            place: format!("{}:{}", text(&target, "Id"), number(&target, "Port")),
            zone: some(text(&target, "AvailabilityZone")),
            state: text(&health, "State"),
            reason: some(text(&health, "Description")),
        }
    }

    fn rule_summary(listener: &str, rule: &Value) -> RuleSummary {
        let conditions: Vec<String> = items(rule, "Conditions").map(condition).collect();
        let action = items(rule, "Actions").next().cloned().unwrap_or_default();
        RuleSummary {
            arn: text(rule, "RuleArn"),
            listener: listener.to_owned(),
            priority: text(rule, "Priority"),
            conditions: if conditions.is_empty() { "anything else".to_owned() } else { conditions.join(" and ") },
            action: action_in_words(&action),
        }
    }

    fn condition(condition: &Value) -> String {
        let list = |config: &str| -> Vec<String> {
            let config = condition.get(config).cloned().unwrap_or_default();
            items(&config, "Values").map(value_in_words).collect()
        };
        let field = text(condition, "Field");
        let (name, values) = match field.as_str() {
            "host-header" => ("host".to_owned(), list("HostHeaderConfig")),
            "path-pattern" => ("path".to_owned(), list("PathPatternConfig")),
            "http-request-method" => ("method".to_owned(), list("HttpRequestMethodConfig")),
            "query-string" => ("query".to_owned(), list("QueryStringConfig")),
            "source-ip" => ("client".to_owned(), list("SourceIpConfig")),
            _ => {
                let config = condition.get("HttpHeaderConfig").cloned().unwrap_or_default();
                (format!("header {}", text(&config, "HttpHeaderName")), list("HttpHeaderConfig"))
            }
        };
        format!("{name} {}", values.join(" or "))
    }

    /// A text, or a key and a value.
    fn value_in_words(value: &Value) -> String {
        match value.as_str() {
            Some(text) => text.to_owned(),
            None => {
                let (key, value) = (text(value, "Key"), text(value, "Value"));
                if key.is_empty() { value } else { format!("{key}={value}") }
            }
        }
    }

    fn action_in_words(action: &Value) -> String {
        let config = |name: &str| action.get(name).cloned().unwrap_or_default();
        match text(action, "Type").as_str() {
            "redirect" => {
                let to = config("RedirectConfig");
                let (protocol, host, path) = (text(&to, "Protocol"), text(&to, "Host"), text(&to, "Path"));
                let code = text(&to, "StatusCode").trim_start_matches("HTTP_").to_owned();
                format!("redirect ({code}) to {protocol}://{host}:{}{path}", text(&to, "Port"))
            }
            "fixed-response" => format!("answer {}", text(&config("FixedResponseConfig"), "StatusCode")),
            _ => {
                let forward = config("ForwardConfig");
                let groups: Vec<&Value> = items(&forward, "TargetGroups").collect();
                let name = |group: &Value| {
                    let arn = text(group, "TargetGroupArn");
                    arn.split('/').nth(1).unwrap_or_default().to_owned()
                };
                let sum: i64 = groups.iter().map(|group| number(group, "Weight")).sum();
                let share = |group: &&Value| match groups.len() {
                    1 => name(group),
                    _ => format!("{} {}%", name(group), number(group, "Weight") * 100 / sum.max(1)),
                };
                format!("forward to {}", groups.iter().map(share).collect::<Vec<_>>().join(", "))
            }
        }
    }

    pub(super) async fn groups_in_use() -> Result<Vec<(String, String)>, ApiError> {
        let all = pages("DescribeTargetGroups", json!({}), "TargetGroups").await?;
        let used = all.iter().filter(|group| items(group, "LoadBalancerArns").next().is_some());
        Ok(used.map(|group| (text(group, "TargetGroupArn"), text(group, "TargetGroupName"))).collect())
    }

    /// A form that makes something must not answer something else of that name.
    pub(super) async fn refuse_present(name: &str) -> Result<(), ApiError> {
        match elb_json("DescribeTargetGroups", &json!({ "Names": [name] })).await {
            Ok(_) => Err(ApiError::refused("InvalidRequest", "There is a target group of that name")),
            Err(error) if error.code() == "TargetGroupNotFoundException" => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes away what was made before `error`, and answers that.
    pub(super) async fn undo(error: ApiError, balancer: Option<&str>, group: &str) -> ApiError {
        if let Some(arn) = balancer {
            _ = elb_json("DeleteLoadBalancer", &json!({ "LoadBalancerArn": arn })).await;
        }
        _ = elb_json("DeleteTargetGroup", &json!({ "TargetGroupArn": group })).await;
        error
    }

    pub(super) fn first(answer: &Value, list: &str, member: &str) -> String {
        items(answer, list).next().map(|item| text(item, member)).unwrap_or_default()
    }

    fn number(value: &Value, member: &str) -> i64 {
        value.get(member).and_then(Value::as_i64).unwrap_or_default()
    }

    /// All entries of a list that comes in pages.
    async fn pages(operation: &str, mut input: Value, list: &str) -> Result<Vec<Value>, ApiError> {
        let mut all = Vec::new();
        loop {
            let answer = elb_json(operation, &input).await?;
            all.extend(items(&answer, list).cloned());
            match answer.get("NextMarker") {
                Some(marker) => input["Marker"] = marker.clone(),
                None => return Ok(all),
            }
        }
    }
}
